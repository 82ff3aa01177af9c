"""Nobody is approached nearer than allowed, however late images come and whatever the clock does: in a closed loop."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import pytest

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Move, Refused
from opendr_perception.active.control.status import Status, Timeouts
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition
from opendr_perception.active.surroundings.odometry import Place, Point

PERIOD = 0.05
SMALL = 0.03
"""Metres: rounding of turns."""


@dataclass
class LateCamera:
    """A robot whose images come late; it is where it was commanded to go, exactly."""

    latency: float = 0.0
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(max_age=1.1))
    person: Point = (6.0, 0.0)
    others: tuple[Point, ...] = ()
    foreign: float = 0.0
    rate: float = 1.0
    """Of the simulation's clock; 1 is real time."""

    def __post_init__(self) -> None:
        self.controller = MotionController("holonomic", self.limits, self.timeouts, math.radians(30))
        self.place, self.now, self.clock = Place(), 100.0, 100.0
        past = range(round(self.latency / PERIOD) + 1, -1, -1)
        self.images: deque[tuple[float, Place]] = deque((self.clock - PERIOD * k, self.place) for k in past)
        self.nearest, self.fastest_change, self.velocity = math.inf, 0.0, STILL
        self.driven = 0.0
        self.seen_others = self.others

    def look(self) -> None:
        """The newest image that has come by now."""
        while len(self.images) > 1 and self.images[1][0] <= self.clock - self.latency + 1e-9:
            self.images.popleft()
        stamp, then = self.images[0]
        others = [then.see(point) for point in self.seen_others]
        self.controller.observe(stamp, self.now, then.see(self.person), others, self.clock - stamp + self.foreign)

    def step(self, simulated: bool = False) -> None:
        self.now += PERIOD
        self.clock += PERIOD * self.rate
        moved = PERIOD * self.rate if simulated else PERIOD
        self.place = self.place.after(self.velocity, moved)
        self.driven += self.velocity.speed * moved
        self.images.append((self.clock, self.place))
        self.look()
        before = self.velocity
        self.velocity = self.controller.tick(self.now, PERIOD * self.rate if simulated else None) or STILL
        if self.velocity != STILL:
            change = math.hypot(self.velocity.x - before.x, self.velocity.y - before.y)
            self.fastest_change = max(self.fastest_change, change / PERIOD)
        gap = min(self.place.see(point).distance for point in (self.person, *self.others))
        self.nearest = min(self.nearest, gap)

    def drive(self, move: Move, simulated: bool = False, longest: float = 120.0) -> None:
        for _ in range(4):
            self.step(simulated)
        self.controller.move(move, self.now)
        end = self.now + longest
        while self.controller.moving and self.now < end:
            self.step(simulated)


@pytest.mark.parametrize("latency", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0])
def test_latency_costs_no_distance(latency: float, speed: float) -> None:
    scene = LateCamera(latency, Limits(max_linear=speed, max_acceleration=0.3 if speed < 0.3 else 1.0))
    scene.drive(Move(advance=20.0))
    assert scene.nearest >= scene.limits.stand_off - SMALL
    assert scene.nearest < scene.limits.stand_off + 0.3, "it does come near"


@pytest.mark.parametrize("latency", [0.5, 1.0])
def test_latency_costs_no_distance_to_others_either(latency: float) -> None:
    scene = LateCamera(latency, Limits(max_linear=0.5, max_acceleration=1.0), person=(9.0, 0.4), others=((4.0, 0.0),))
    scene.drive(Move(advance=7.0))
    assert scene.nearest >= scene.limits.stand_off - SMALL


def test_images_that_are_too_old_do_not_move_the_robot() -> None:
    scene = LateCamera(2.0)
    with pytest.raises(Refused, match=r"images are 2\.0 s old"):
        scene.drive(Move(advance=1.0))
    assert scene.driven == 0


def test_images_that_become_too_old_stop_it() -> None:
    scene = LateCamera(0.9)
    scene.step()
    scene.controller.move(Move(advance=3.0), scene.now)
    for _ in range(20):
        scene.step()
    assert scene.velocity != STILL
    scene.latency = 1.3
    for _ in range(8):
        scene.step()
    assert scene.velocity == STILL


@pytest.mark.parametrize("robot", ["holonomic", "differential"])
def test_who_turns_the_head_is_not_driven_at(robot: str) -> None:
    scene = LateCamera(person=(4.0, 0.0), others=((1.5, 0.1),))
    scene.controller.robot = robot
    for _ in range(4):
        scene.step()
    scene.controller.move(Move(advance=2.0), scene.now)
    for turn in range(40):
        scene.seen_others = scene.others if turn < 10 else ()
        scene.step()
    assert scene.nearest >= scene.limits.stand_off - SMALL
    assert scene.velocity.speed < 0.2, "it is near somebody whom it does not see now"


def test_a_clock_that_stands_stops_it_at_once_and_for_good() -> None:
    scene = LateCamera(person=(3.0, 0.0))
    for _ in range(4):
        scene.step(simulated=True)
    scene.controller.move(Move(pan=2.0), scene.now)
    for _ in range(20):
        scene.step(simulated=True)
    assert scene.velocity != STILL
    driven, ticked = scene.driven, scene.controller.travelled
    for turn in range(60):  # faces go on, with stamps of their own; the robot is a real one and moves
        scene.now += PERIOD
        scene.controller.observe(scene.clock + 0.05 * (turn + 1), scene.now, PersonPosition(3.0, 0.0))
        velocity = scene.controller.tick(scene.now, 0.0) or STILL
        driven += velocity.speed * PERIOD
    assert velocity == STILL
    assert scene.controller.status in (Status.LOST, Status.HELD)
    assert "clock" in scene.controller.reason
    assert driven - scene.driven <= scene.limits.max_linear * (scene.timeouts.command + 2 * PERIOD)
    assert scene.controller.travelled - ticked == pytest.approx(driven - scene.driven, abs=0.03), "all of it is counted"


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.5])
def test_in_a_simulation_moves_are_as_long_as_asked_whatever_its_speed(rate: float) -> None:
    scene = LateCamera(person=(3.0, 0.0), rate=rate)
    scene.drive(Move(pan=0.4), simulated=True)
    assert scene.controller.status is Status.ARRIVED
    assert scene.controller.pan == pytest.approx(0.4, abs=0.03)
    assert scene.driven == pytest.approx(1.2, abs=0.1)


@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("jump", [0.5, 0.9, 10.0, -0.5, -10.0])
def test_a_clock_that_is_set_does_not_push_the_robot(jump: float, simulated: bool) -> None:
    scene = LateCamera(person=(6.0, 0.0))
    for _ in range(4):
        scene.step()
    scene.controller.move(Move(advance=3.0), scene.now)
    scene.now += PERIOD
    before = scene.controller.tick(scene.now, PERIOD if simulated else None) or STILL
    scene.now += PERIOD
    scene.controller.observe(scene.clock + 0.1, scene.now, PersonPosition(6.0, 0.0))
    after = scene.controller.tick(scene.now, jump if simulated else None) or STILL
    assert (after.x - before.x) / PERIOD <= scene.limits.max_acceleration + 1e-9
