"""Following a person: at a distance and to one side, within all limits, and never backwards."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.interlocks import STOP
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Refused
from opendr_perception.active.control.pursuit import Follow, Pursuit
from opendr_perception.active.control.status import Status, Timeouts
from opendr_perception.active.surroundings.geometry import PersonPosition, Velocity

LIMITS = Limits()
STEP = 0.05


class Walk:
    """A robot that follows somebody who walks, and sees them all the time."""

    def __init__(self, robot: str, pursuit: Pursuit, person: Callable[[float], tuple[float, float]]) -> None:
        self.controller = MotionController(robot, LIMITS, Timeouts(), half_view=math.radians(30))
        self.person, self.pursuit = person, pursuit
        self.time, self.place, self.heading = 0.0, np.zeros(2), 0.0
        self.commands: list[Velocity] = []
        self.see()
        self.controller.move(pursuit, self.time)

    def seen(self) -> PersonPosition:
        away = np.array(self.person(self.time)) - self.place
        return PersonPosition(float(np.hypot(*away)), math.atan2(away[1], away[0]) - self.heading)

    def see(self) -> None:
        self.controller.observe(self.time, self.time, self.seen())

    def go(self, seconds: float, blind: bool = False) -> None:
        for _ in range(round(seconds / STEP)):
            self.time += STEP
            if not blind:
                self.see()
            velocity = self.controller.tick(self.time) or Velocity()
            self.commands.append(velocity)
            c, s = math.cos(self.heading), math.sin(self.heading)
            self.place += STEP * np.array([c * velocity.x - s * velocity.y, s * velocity.x + c * velocity.y])
            self.heading += velocity.yaw * STEP


@pytest.mark.parametrize("robot", ["holonomic", "differential"])
@pytest.mark.parametrize("side", [0.0, 0.25])
def test_who_walks_away_is_followed_at_the_distance_and_kept_to_the_side(robot: str, side: float) -> None:
    walk = Walk(robot, Pursuit(1.5, side), lambda t: (2.0 + 0.15 * t, 0.3))
    walk.go(25.0)
    assert walk.controller.status is Status.MOVING
    assert walk.seen().distance - LIMITS.robot_radius == pytest.approx(1.5, abs=0.35)
    assert walk.seen().bearing == pytest.approx(side, abs=0.1)
    assert walk.place[0] > 2.0
    assert max(command.speed for command in walk.commands) <= LIMITS.max_linear + 1e-9


def test_who_stands_is_not_approached_further_and_who_comes_is_not_fled_from() -> None:
    walk = Walk("differential", Pursuit(1.5), lambda t: (max(3.0 - 0.3 * max(t - 12.0, 0.0), 0.6), 0.0))
    walk.go(12.0)
    stood = walk.place.copy()
    assert walk.seen().distance - LIMITS.robot_radius == pytest.approx(1.5, abs=0.05)
    walk.go(10.0)
    assert walk.seen().distance < LIMITS.stand_off, "they have come to the robot"
    assert np.hypot(*(walk.place - stood)) < 0.05
    assert min(command.x for command in walk.commands) >= 0.0
    assert walk.commands[-1] == Velocity()


def test_who_is_not_seen_is_not_followed() -> None:
    walk = Walk("differential", Pursuit(1.5), lambda t: (3.0, 0.0))
    walk.go(1.5)
    assert walk.commands[-1].x > 0.1
    walk.go(0.35, blind=True)
    assert walk.commands[-1] == Velocity()
    walk.go(2.0, blind=True)
    assert walk.controller.status is Status.LOST


def test_a_stop_ends_it_and_the_way_has_an_end() -> None:
    walk = Walk("differential", Pursuit(1.5, travel=0.3), lambda t: (4.0, 0.0))
    walk.go(8.0)
    assert walk.controller.status is Status.ARRIVED
    assert np.hypot(*walk.place) == pytest.approx(0.3, abs=0.15)
    walk = Walk("differential", Pursuit(1.5), lambda t: (4.0, 0.0))
    walk.go(2.0)
    walk.controller.interlocks.engage(STOP, "stopped")
    walk.go(0.1)
    assert walk.commands[-1] == Velocity()


@pytest.mark.parametrize(
    ("pursuit", "problem"),
    [(Pursuit(1.0), "nearer than min_distance"), (Pursuit(1.5, 0.5), "border of the view")],
)
def test_what_breaks_a_limit_is_refused(pursuit: Pursuit, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        Walk("differential", pursuit, lambda t: (3.0, 0.0))


@pytest.mark.parametrize("wrong", [{"distance": math.nan}, {"distance": -1.0}, {"side": 2.0}, {"side": math.nan}])
def test_what_is_no_way_to_follow_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="nobody can be followed"):
        Pursuit(**wrong)


@given(some.floats(0.05, 20.0), some.floats(-math.pi, math.pi), some.floats(1.1, 10.0), some.floats(-1.0, 1.0))
def test_it_never_wishes_to_go_backwards_or_nearer_than_the_distance(
    distance: float, bearing: float, keep: float, side: float
) -> None:
    wish = Follow(Pursuit(keep, side), LIMITS).wanted(PersonPosition(distance, bearing))
    assert wish is not None
    assert 0.0 <= wish.x <= LIMITS.max_linear
    assert wish.y == 0.0
    assert wish.x == 0.0 or distance - LIMITS.robot_radius > keep
