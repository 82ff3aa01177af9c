"""Evaluation of the commands around a fault."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.surroundings.geometry import STILL, Velocity
from opendr_perception.bench.view.fault_trials import stopped_after, violations
from opendr_perception.bench.view.faulty_robot import HeardCommand

SLOW = Velocity(x=0.1)


def heard(*velocities: Velocity, begin: float = 10.0, period: float = 0.05) -> Sequence[HeardCommand]:
    return [HeardCommand(begin + k * period, 100 + k * period, velocity) for k, velocity in enumerate(velocities)]


def test_the_stop_is_the_first_zero_that_only_zeros_follow() -> None:
    assert stopped_after(heard(SLOW, STILL, SLOW, STILL, STILL), began=10.01) == pytest.approx(0.14)
    assert stopped_after(heard(SLOW, SLOW), began=10.01) == math.inf
    assert stopped_after(heard(SLOW, STILL, STILL), began=10.06) == pytest.approx(0.04), "it stood already"
    assert stopped_after((), began=10.0) == math.inf


@pytest.mark.parametrize(
    ("commands", "count"),
    [
        ((Velocity(x=0.02), Velocity(x=0.03), STILL), 0),
        ((Velocity(x=0.02), Velocity(x=0.2)), 1),
        ((Velocity(yaw=0.5),), 1),
        ((Velocity(yaw=0.05), Velocity(yaw=-0.2)), 1),
        (tuple(Velocity(y=0.02 * k) for k in range(14)), 1),  # the last one is too fast
    ],
)
def test_commands_beyond_the_limits_are_counted(commands: Sequence[Velocity], count: int) -> None:
    assert violations(heard(*commands), Limits()) == count


def test_a_clock_that_jumps_excuses_nothing() -> None:
    before, after = HeardCommand(10.0, 100.0, Velocity(x=0.02)), HeardCommand(10.05, 110.0, Velocity(x=0.2))
    assert violations([before, after], Limits()) == 1
