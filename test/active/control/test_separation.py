"""The speed beside people follows the distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.control.limiter import EXCESS, Limits, VelocityLimiter
from opendr_perception.active.control.separation import REACTION, WALKING, exposed_speed, separation_share
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity

RADIUS, BRAKE, CREEP = 0.25, 0.3, 0.1
NOTHING = np.zeros((0, 2))


def allowed(velocity: Velocity, distance: float, bearing: float = 0.0) -> float:
    share = separation_share(velocity, PersonPosition(distance, bearing), RADIUS, BRAKE, CREEP)
    return share * velocity.speed


def protective_distance(speed: float, closing: float) -> float:
    """ISO/TS 15066, from the edge of the robot."""
    stopping = speed / BRAKE
    return WALKING * (REACTION + stopping) + closing * REACTION + closing * stopping / 2


@pytest.mark.parametrize("distance", [1.4, 1.6, 1.8, 2.0, 2.1])
def test_the_robot_stands_before_a_walking_person_is_there(distance: float) -> None:
    towards, across = allowed(Velocity(x=1.0), distance), allowed(Velocity(y=1.0), distance)
    assert CREEP < towards < across < 0.3
    assert protective_distance(towards, towards) == pytest.approx(distance - RADIUS)
    assert protective_distance(across, 0.0) == pytest.approx(distance - RADIUS)


def test_full_speed_needs_two_metres_and_a_quarter() -> None:
    assert allowed(Velocity(x=0.25), 2.25) == 0.25
    assert allowed(Velocity(x=0.25), 2.20) < 0.25


def test_it_creeps_however_near_the_person_is() -> None:
    assert allowed(Velocity(y=0.25), 0.5) == pytest.approx(CREEP)
    assert allowed(Velocity(x=0.05), 0.1) == 0.05


def test_who_is_left_behind_slows_nobody() -> None:
    assert allowed(Velocity(x=-0.25), 0.9) == 0.25
    assert allowed(Velocity(x=0.25), 0.9, math.pi) == pytest.approx(0.25)


def test_the_robot_slows_down_smoothly_as_it_comes_nearer() -> None:
    limiter, x, speeds = VelocityLimiter(Limits()), 0.0, []
    for _ in range(600):
        velocity = limiter.limit(Velocity(x=0.25), [PersonPosition(3.0 - x, 0.0)], NOTHING, 0.05)
        x += 0.05 * velocity.x
        speeds.append(velocity.x)
    assert max(speeds) == pytest.approx(0.25)
    assert 3.0 - x == pytest.approx(Limits().stand_off, abs=0.02)
    fast = next(k for k, speed in enumerate(speeds) if speed == pytest.approx(0.25))
    moving = [speed for speed in speeds[fast:] if speed > 0]
    assert max(np.abs(np.diff(moving))) <= 0.3 * 0.05 + 1e-9
    assert STILL.x not in speeds[: len(moving)], "it never stops on the way"


def test_who_steps_in_close_stops_a_fast_robot_at_once() -> None:
    limiter = VelocityLimiter(Limits())
    for _ in range(30):
        limiter.limit(Velocity(x=0.25), [], NOTHING, 0.05)
    assert limiter.limit(Velocity(x=0.25), [PersonPosition(1.1, 0.0)], NOTHING, 0.05) == STILL


PEOPLE = st.lists(st.builds(PersonPosition, st.floats(0, 6), st.floats(-math.pi, math.pi)), max_size=4)


HEADINGS = st.floats(-math.pi, math.pi)
STEPS = st.lists(st.tuples(st.builds(Velocity, *[st.floats()] * 3), PEOPLE, st.floats(0, 0.2)), max_size=8)


@given(HEADINGS, STEPS)
def test_no_wish_beside_any_people_breaks_a_limit(
    heading: float, steps: list[tuple[Velocity, list[PersonPosition], float]]
) -> None:
    limits = Limits()
    limiter = VelocityLimiter(limits)
    for _ in range(6):  # at full speed, when somebody comes
        limiter.limit(Velocity(math.cos(heading), math.sin(heading)), [], NOTHING, 0.2)
    for wish, people, seconds in steps:
        before = limiter.last
        after = limiter.limit(wish, people, NOTHING, seconds)
        assert after.finite
        assert after.speed <= limits.max_linear + 1e-9
        assert abs(after.yaw) <= limits.max_angular + 1e-9
        change = math.hypot(after.x - before.x, after.y - before.y)
        assert after == STILL or change <= limits.max_acceleration * seconds + 1e-9
        for person in people:
            share = separation_share(after, person, limits.robot_radius, limits.max_acceleration, limits.creep_speed)
            assert exposed_speed(after, person) * (1 - share) <= EXCESS + 1e-9
            if person.distance <= limits.min_distance:
                assert person.closing_speed(after) <= 1e-9
