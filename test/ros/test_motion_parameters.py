"""The parameters of motion are the limits of the robot."""

from __future__ import annotations

from dataclasses import fields

from opendr_perception.active.pilot import Timeouts
from opendr_perception.active.safety import Limits
from opendr_perception.ros.motion_parameters import MotionParameters


def test_their_defaults_are_those_of_the_library() -> None:
    assert MotionParameters().limits == Limits()
    assert MotionParameters().command_timeout == Timeouts().command


def test_each_limit_is_set_by_its_own_parameter() -> None:
    for number, limit in enumerate(fields(Limits), 1):
        changed = MotionParameters(**{limit.name: 0.125 * number})
        assert getattr(changed.limits, limit.name) == 0.125 * number
        others = [other.name for other in fields(Limits) if other.name != limit.name]
        assert all(getattr(changed.limits, other) == getattr(Limits(), other) for other in others)
