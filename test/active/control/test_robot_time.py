"""Time passes for the robot, whatever its clock does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.control.robot_time import SLOWEST, RobotTime

PATIENCE = 0.25


def passed(real: list[float], told: list[float | None]) -> tuple[float, RobotTime]:
    time, now, total = RobotTime(PATIENCE), 100.0, 0.0
    time.turn(now, 0.0)
    for seconds, elapsed in zip(real, told, strict=True):
        now += seconds
        total += time.turn(now, elapsed)
    return total, time


def test_without_a_simulation_real_time_counts() -> None:
    total, time = passed([0.05] * 20, [None] * 20)
    assert (total, time.real, time.stands) == (pytest.approx(1.0), pytest.approx(0.05), False)


@pytest.mark.parametrize("speed", [0.3, 1.0, 10.0])
def test_a_simulation_counts_in_its_own_time_also_when_it_tells_it_seldom(speed: float) -> None:
    told = [0.0, 0.1 * speed if speed < 9 else 0.9] * 20
    total, time = passed([0.05] * 40, list(told))
    assert total == pytest.approx(sum(told))
    assert not time.stands


def test_a_clock_that_stands_is_noticed_and_real_time_counts_then() -> None:
    total, time = passed([0.05] * 40, [0.05] * 20 + [0.0] * 20)
    assert time.stands
    assert total == pytest.approx(2.0, abs=PATIENCE + 0.06)
    time.turn(1000.0, 0.5)
    assert time.stands, "it goes on, but not for as long as it stood"


@given(st.lists(st.tuples(st.floats(0.001, 0.3), st.floats(-20.0, 20.0) | st.just(0.0)), max_size=60))
def test_no_clock_can_hide_motion(turns: list[tuple[float, float]]) -> None:
    real = [seconds for seconds, _ in turns]
    total, time = passed(real, [elapsed for _, elapsed in turns])
    assert total + PATIENCE + max(real, default=0.0) >= SLOWEST * sum(real) - 1e-6
    assert time.since(100.0 + sum(real)) <= PATIENCE + max(real, default=0.0)
