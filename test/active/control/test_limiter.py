"""No velocity passes that breaks a limit, whatever is asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.control.limiter import Limits, VelocityLimiter
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity

NOTHING = np.zeros((0, 2))


def respects(limits: Limits, before: Velocity, after: Velocity, seconds: float) -> bool:
    change = math.hypot(after.x - before.x, after.y - before.y)
    return (
        after.speed <= limits.max_linear + 1e-9
        and abs(after.yaw) <= limits.max_angular + 1e-9
        and (
            after == STILL
            or (
                change <= limits.max_acceleration * seconds + 1e-9
                and abs(after.yaw - before.yaw) <= limits.max_angular_acceleration * seconds + 1e-9
            )
        )
    )


@pytest.mark.parametrize("seed", range(20))
def test_limits_hold_for_any_wish(seed: int) -> None:
    random = np.random.default_rng(seed)
    limits = Limits(*random.uniform(0.1, 2.0, 7))
    limiter = VelocityLimiter(limits)
    for _ in range(300):
        before, seconds = limiter.last, float(random.uniform(0, 0.2))
        wish = Velocity(*random.normal(0, 2, 3))
        people = [
            PersonPosition(float(random.uniform(0, 3)), float(random.uniform(-3, 3))) for _ in range(random.integers(3))
        ]
        obstacles = random.uniform(-3, 3, (random.integers(5), 2))
        after = limiter.limit(wish, people, obstacles, seconds)
        assert respects(limits, before, after, seconds)
        for person in people:
            if person.distance <= limits.stand_off:
                assert person.closing_speed(after) <= 1e-9


@pytest.mark.parametrize("bad", [Velocity(math.nan), Velocity(y=math.inf), Velocity(yaw=math.nan)])
def test_a_wish_that_is_no_number_stops_the_robot(bad: Velocity) -> None:
    limiter = VelocityLimiter(Limits())
    for _ in range(10):
        limiter.limit(Velocity(x=0.2), [], NOTHING, 0.05)
    assert limiter.last.x > 0.1
    assert limiter.limit(bad, [], NOTHING, 0.05) == STILL


def test_speed_is_scaled_and_not_bent() -> None:
    limiter = VelocityLimiter(Limits(max_acceleration=100, max_angular_acceleration=100))
    found = limiter.limit(Velocity(3, 4, 0.5), [], NOTHING, 1.0)
    assert found.y / found.x == pytest.approx(4 / 3)
    assert found.yaw / found.x == pytest.approx(0.5 / 3)


def test_the_robot_brakes_before_a_wall_and_stops_clear_of_it() -> None:
    limits, limiter, x = Limits(), VelocityLimiter(Limits()), 0.0
    wall = np.stack([np.full(21, 1.5), np.linspace(-1, 1, 21)], 1)
    for _ in range(600):
        x += 0.05 * limiter.limit(Velocity(x=0.25), [], wall - [x, 0], 0.05).x
    assert 0.7 < x <= 1.5 - limits.robot_radius - limits.clearance + 1e-6


def test_an_obstacle_that_appears_stops_the_robot_at_once() -> None:
    limiter = VelocityLimiter(Limits())
    for _ in range(30):
        limiter.limit(Velocity(x=0.25), [], NOTHING, 0.05)
    assert limiter.limit(Velocity(x=0.25), [], np.array([[0.4, 0.0]]), 0.05) == STILL


def test_obstacles_beside_the_way_do_not_matter() -> None:
    limiter = VelocityLimiter(Limits())
    beside = np.array([[0.5, 0.8], [0.5, -0.8], [-0.4, 0.0]])
    assert limiter.limit(Velocity(x=0.25), [], beside, 0.05).x > 0
