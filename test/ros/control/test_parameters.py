"""The parameters of motion are the limits of the robot."""

from __future__ import annotations

import math
from dataclasses import fields

import pytest

from opendr_perception.active.control import FlightController, Interlocks
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.status import Timeouts
from opendr_perception.ros.control.parameters import MotionParameters


def test_their_defaults_are_those_of_the_library() -> None:
    assert MotionParameters().limits == Limits()
    assert MotionParameters().command_timeout == Timeouts().command


def test_more_than_the_reduced_speed_must_be_meant() -> None:
    with pytest.raises(ValueError, match=r"max_linear 0\.4 m/s is above 0\.25 m/s.*allow_fast"):
        MotionParameters(max_linear=0.4).check_motion()
    MotionParameters(max_linear=0.4, allow_fast=True).check_motion()
    MotionParameters().check_motion()


def test_the_place_of_a_scanner_is_three_numbers() -> None:
    assert MotionParameters().scan_mount is None
    mount = MotionParameters(scan_pose=(1, 0.0, 0.0)).scan_mount
    assert mount is not None
    assert mount.translation.tolist() == [1.0, 0.0, 0.0]
    for wrong in ((0.0, 0.0), (0.0, 0.0, math.nan), ("a", "b", "c")):
        with pytest.raises(ValueError, match=r"scan_pose must be \[x, y, yaw\]"):
            MotionParameters(scan_pose=wrong).check_motion()


def test_each_limit_is_set_by_its_own_parameter() -> None:
    for number, limit in enumerate(fields(Limits), 1):
        changed = MotionParameters(**{limit.name: 0.125 * number})
        assert getattr(changed.limits, limit.name) == 0.125 * number
        others = [other.name for other in fields(Limits) if other.name != limit.name]
        assert all(getattr(changed.limits, other) == getattr(Limits(), other) for other in others)


def test_only_a_simulated_robot_flies_and_others_never_do() -> None:
    flying = MotionParameters(motion="free")
    with pytest.raises(ValueError, match="motion free is for a simulation only"):
        flying.check_motion()
    flying.check_motion(simulated=True)
    assert isinstance(flying.controller(Timeouts(), Interlocks()), FlightController)
    for motion in ("holonomic", "differential"):
        parameters = MotionParameters(motion=motion)
        parameters.check_motion(simulated=True)
        assert not isinstance(parameters.controller(Timeouts(), Interlocks()), FlightController)
