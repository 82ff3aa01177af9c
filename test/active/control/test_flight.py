"""A robot that goes up and down: only where it may, only while it knows how high it is, and never elsewhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.control import (
    FlightController,
    HeightRange,
    Interlocks,
    Limits,
    MotionController,
    Move,
    Refused,
    Status,
    Timeouts,
)
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity

PERIOD = 0.05


class Flight:
    """A controller, and a body that does as it is told, before somebody who stands."""

    def __init__(self, heights: HeightRange | None = None, distance: float = 2.0) -> None:
        self.controller = FlightController(Limits(), Timeouts(), heights=heights)
        self.now, self.distance, self.height = 10.0, distance, 0.0
        self.velocities = [STILL]

    def run(self, seconds: float, told: bool = True, seen: bool = True) -> None:
        for _ in range(round(seconds / PERIOD)):
            self.now += PERIOD
            if seen:
                self.controller.observe(self.now, self.now, PersonPosition(self.distance, 0.0))
            if told:
                self.controller.climbed(self.now, self.height)
            velocity = self.controller.tick(self.now) or STILL
            self.velocities.append(velocity)
            self.height += velocity.z * PERIOD


def test_it_rises_as_far_as_it_is_told_within_its_limits() -> None:
    flight = Flight()
    flight.run(0.1)
    flight.controller.move(Move(rise=0.3), flight.now)
    flight.run(6.0)
    assert flight.controller.status is Status.ARRIVED
    assert flight.height == pytest.approx(0.3, abs=0.03)
    rising = [velocity.z for velocity in flight.velocities]
    assert max(rising) <= Limits().max_linear
    assert max(abs(b - a) for a, b in itertools.pairwise(rising)) <= Limits().max_acceleration * PERIOD + 1e-9
    assert flight.controller.travelled == pytest.approx(0.3, abs=0.03)


@given(st.floats(-3, 3).filter(lambda rise: abs(rise) > 0.05), st.floats(-0.6, 0.9))
def test_it_does_not_leave_its_heights(rise: float, start: float) -> None:
    flight = Flight(HeightRange(-0.5, 0.8))
    flight.height = start
    flight.run(0.1)
    flight.controller.move(Move(rise=rise), flight.now)
    flight.run(12.0)
    assert not flight.controller.moving
    assert min(-0.5, start) - 0.02 <= flight.height <= max(0.8, start) + 0.02


def test_it_goes_up_and_then_around() -> None:
    flight = Flight()
    flight.run(0.1)
    flight.controller.move(Move(pan=0.2, rise=0.2), flight.now)
    flight.run(8.0)
    assert flight.controller.status is Status.ARRIVED
    assert flight.height == pytest.approx(0.2, abs=0.03)
    assert sum(-velocity.y * PERIOD for velocity in flight.velocities) == pytest.approx(0.4, abs=0.05)


def test_it_stands_while_nobody_knows_how_high_it_is() -> None:
    flight = Flight()
    flight.run(0.1, told=False)
    with pytest.raises(Refused, match="does not tell how high"):
        flight.controller.move(Move(rise=0.3), flight.now)
    flight.run(0.1)
    flight.controller.move(Move(rise=0.3), flight.now)
    flight.run(0.6)
    flight.run(0.5, told=False)
    assert flight.velocities[-1] == STILL
    assert "has not told how high" in flight.controller.reason


def test_it_stands_when_nobody_is_seen_and_when_it_is_stopped() -> None:
    flight = Flight()
    flight.run(0.1)
    flight.controller.move(Move(rise=0.5), flight.now)
    flight.run(0.6)
    flight.run(0.5, seen=False)
    assert flight.velocities[-1] == STILL
    flight.run(0.1)
    flight.controller.interlocks.engage("stop", "stopped")
    flight.run(0.1)
    assert flight.velocities[-1] == STILL


def test_who_is_too_near_is_not_risen_beside() -> None:
    flight = Flight(distance=1.0)
    flight.run(0.1)
    with pytest.raises(Refused, match="nearer than"):
        flight.controller.move(Move(rise=0.3), flight.now)


@pytest.mark.parametrize("robot", ["holonomic", "differential"])
def test_a_robot_on_the_ground_refuses_to_rise(robot: str) -> None:
    controller = MotionController(robot, Limits(), Timeouts(), interlocks=Interlocks())
    controller.observe(1.0, 1.0, PersonPosition(2.0, 0.0))
    for move in (Move(rise=0.2), Move(pan=0.3, rise=-0.2)):
        with pytest.raises(Refused, match="only a robot that flies"):
            controller.move(move, 1.0)
    assert not controller.moving


def test_what_stands_in_the_way_over_ground_does_not_keep_it_from_rising() -> None:
    flight = Flight()
    flight.run(0.1)
    flight.controller.scan(flight.now, np.array([[0.4, 0.0]]))
    flight.controller.move(Move(rise=0.2), flight.now)
    flight.controller.timeouts = Timeouts(command=10.0)
    flight.run(4.0)
    assert flight.height == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("ends", [(0.5, 0.5), (1.0, 0.0), (math.nan, 1.0)])
def test_heights_must_be_a_range(ends: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"\[least, largest\]"):
        HeightRange(*ends)


def test_a_velocity_knows_its_third_direction() -> None:
    assert Velocity(z=0.3).speed == 0.3
    assert Velocity(0.0, 0.3, z=0.4).scaled(0.5) == Velocity(0.0, 0.15, z=0.2)
    assert not Velocity(z=math.nan).finite
