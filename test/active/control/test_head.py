"""A head's joints and the controller that turns it: limits hold, and what is not known turns nothing."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.control import (
    HeadController,
    HeadJoints,
    HeadRange,
    HeadTurn,
    Limits,
    MotionController,
    Move,
    PanTilt,
    Pursuit,
    Refused,
    Status,
    Timeouts,
)
from opendr_perception.active.control.head import LAG
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity

ANGLE = st.floats(-2, 2)
PERIOD = 0.05


class Simulation:
    """A controller and a head that does as it is told, at once or not at all."""

    def __init__(self, obedient: bool = True) -> None:
        self.joints = HeadJoints(HeadRange((-1.0, 1.0), (-0.5, 0.5)))
        self.controller = HeadController(self.joints, Limits(), Timeouts())
        self.now, self.obedient = 10.0, obedient
        self.joints.take(PanTilt(0.0, 0.0), self.now)
        self.velocities = [STILL]

    def run(self, seconds: float, bearing: float | None = None, images: bool = True, told: bool = True) -> None:
        """Time goes on, with somebody who stands at a bearing from the robot, or nobody."""
        for _ in range(round(seconds / PERIOD)):
            self.now += PERIOD
            here = self.joints.measured
            assert here is not None
            if images:
                person = None if bearing is None else PersonPosition(2.0, bearing - here.pan)
                self.controller.observe(self.now, self.now, person)
            velocity = self.controller.tick(self.now) or STILL
            pose = self.joints.advance(velocity, PERIOD)
            self.velocities.append(velocity)
            if told:
                assert pose is not None
                self.joints.take(pose if self.obedient else here, self.now)


def test_a_person_comes_into_the_middle_and_speeds_stay_within_limits() -> None:
    head = Simulation()
    head.run(0.1, bearing=0.7)
    head.controller.move(Move(aim=True), head.now)
    head.run(4.0, bearing=0.7)
    assert head.controller.status is Status.ARRIVED
    assert head.joints.measured is not None and head.joints.measured.pan == pytest.approx(0.7, abs=0.05)
    yaws = [velocity.yaw for velocity in head.velocities]
    assert max(yaws) <= 0.6 + 1e-9
    assert max(abs(b - a) for a, b in itertools.pairwise(yaws)) <= 1.5 * PERIOD + 1e-9
    assert all(velocity.speed == 0 for velocity in head.velocities), "it never drives"


@pytest.mark.parametrize("lost", ["images", "told"])
def test_a_head_that_loses_its_images_or_its_place_stands(lost: str) -> None:
    head = Simulation()
    head.run(0.1, bearing=0.9)
    head.controller.move(Move(aim=True), head.now)
    head.run(0.4, bearing=0.9)
    assert head.velocities[-1].yaw > 0.1
    head.run(2.0, bearing=0.9, **{lost: False})
    assert all(velocity == STILL for velocity in head.velocities[-30:])
    assert head.controller.status is Status.LOST


def test_it_refuses_to_turn_blind_to_go_around_anybody_and_before_it_knows_where_it_is() -> None:
    head = Simulation()
    for order, reason in (
        (Move(aim=True), "nobody is seen"),
        (HeadTurn(0.5), "no image"),
        (Move(pan=0.2), "go around"),
    ):
        with pytest.raises(Refused, match=reason):
            head.controller.move(order, head.now)
    head.joints.measured = None
    with pytest.raises(Refused, match="joint_states"):
        head.controller.move(HeadTurn(0.5), head.now)
    robot = MotionController("holonomic", Limits(), Timeouts())
    robot.observe(head.now, head.now, PersonPosition(2.0, 0.0))
    with pytest.raises(Refused, match="only a head"):
        robot.move(HeadTurn(0.5), head.now)


def test_it_looks_around_for_nobody_and_follows_without_end() -> None:
    head = Simulation()
    head.run(0.1)
    head.controller.move(HeadTurn(-2.0), head.now)
    head.run(6.0)
    assert head.controller.status is Status.ARRIVED, "the end of the range is where it ends"
    assert head.joints.measured is not None and head.joints.measured.pan == pytest.approx(-1.0, abs=0.05)
    head.run(0.1, bearing=-0.4)
    head.controller.move(Pursuit(1.5, 0.0, 30.0), head.now)
    head.run(20.0, bearing=-0.4)
    assert head.controller.moving
    assert head.joints.measured.pan == pytest.approx(-0.4, abs=0.06)


def test_a_head_that_does_not_do_as_it_is_told_is_given_up() -> None:
    head = Simulation(obedient=False)
    head.run(0.1, bearing=0.9)
    head.controller.move(Move(aim=True), head.now)
    head.run(3.0, bearing=0.9)
    assert (head.controller.status, head.controller.reason) == (
        Status.HALTED,
        "the head does not do as it is told",
    )


@given(pan=ANGLE, tilt=ANGLE, yaw=st.floats(-3, 3), pitch=st.floats(-3, 3), steps=st.integers(1, 30))
def test_commands_are_near_the_measured_place_and_never_farther_outside_of_the_range(
    pan: float, tilt: float, yaw: float, pitch: float, steps: int
) -> None:
    joints = HeadJoints(HeadRange((-1.0, 1.0), (-0.5, 0.5)))
    assert joints.advance(Velocity(yaw=yaw), PERIOD) is None, "nobody has said where it is"
    joints.take(PanTilt(pan, tilt), 0.0)
    for _ in range(steps):
        pose = joints.advance(Velocity(yaw=yaw, pitch=pitch), PERIOD)
        assert pose is not None
        assert abs(pose.pan - pan) <= LAG + 1e-9 and abs(pose.tilt - tilt) <= LAG + 1e-9
        assert min(-1.0, pan) <= pose.pan <= max(1.0, pan)
        assert min(-0.5, tilt) <= pose.tilt <= max(0.5, tilt)
    held = joints.advance(STILL, PERIOD)
    assert held == pose, "zero is to hold"


def test_what_is_no_range_or_no_place_is_refused() -> None:
    for pan in ((1.0, -1.0), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="range of pan"):
            HeadRange(pan=pan)
    joints = HeadJoints(HeadRange())
    joints.take(PanTilt(math.nan, 0.0), 1.0)
    assert joints.measured is None
