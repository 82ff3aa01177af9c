"""A base that does not do as it is told is found out; one that is only slow is not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from opendr_perception.active.control.following import STOPPING, WINDOW, Following, FollowingCheck
from opendr_perception.active.surroundings.geometry import STILL, Velocity

PERIOD = 0.05
AHEAD = Velocity(x=0.2)


def judge(
    seconds: float, commanded: Callable[[float], Velocity], measured: Callable[[float], Velocity]
) -> list[tuple[float, FollowingCheck]]:
    """Every verdict, with its time."""
    following = Following()
    times = [k * PERIOD for k in range(round(seconds / PERIOD))]
    return [(time, following.take(time, commanded(time), measured(time))) for time in times]


def drive(time: float) -> Velocity:
    """Begin at rest, as the limiter does, go for 3 s, stand."""
    return STILL if time > 3 else Velocity(x=min(0.25, 0.3 * time))


def late(time: float) -> Velocity:
    return drive(time - 0.5) if time > 0.5 else STILL


def test_a_base_that_obeys_late_is_good() -> None:
    verdicts = judge(6.0, drive, late)
    assert not any(verdict.reason for _, verdict in verdicts)
    assert any(verdict.proved for _, verdict in verdicts)


def test_a_base_that_brakes_as_slowly_as_it_starts_is_good() -> None:
    braking = judge(6.0, drive, lambda time: Velocity(x=max(0.0, 0.25 - 0.3 * (time - 3))) if time > 3 else drive(time))
    assert not any(verdict.reason for _, verdict in braking)


@pytest.mark.parametrize("commanded", [AHEAD, Velocity(y=-0.2), Velocity(yaw=0.4)])
def test_a_base_that_does_not_stir_is_found_out(commanded: Velocity) -> None:
    verdicts = judge(3.0, lambda time: commanded, lambda time: Velocity(0.001, 0.0, 0.001))
    first = next(time for time, verdict in verdicts if verdict.fault)
    assert first <= WINDOW
    assert verdicts[-1][1].reason.startswith("the base does not follow: 0.00")
    assert not verdicts[-1][1].moves


def test_a_base_that_goes_the_other_way_is_found_out_soon() -> None:
    verdicts = judge(2.0, lambda time: AHEAD, lambda time: Velocity(x=-0.2))
    assert next(time for time, verdict in verdicts if verdict.fault) < 0.7


def test_a_base_that_races_is_found_out_soon() -> None:
    verdicts = judge(2.0, lambda time: AHEAD, lambda time: Velocity(x=1.0))
    assert next(time for time, verdict in verdicts if verdict.fault) < 0.7


def test_a_base_that_does_not_stop_is_found_out() -> None:
    verdicts = judge(6.0, drive, lambda time: Velocity(x=0.25) if time > 1 else drive(time))
    first = next(time for time, verdict in verdicts if verdict.moves)
    assert first == pytest.approx(3 + STOPPING, abs=0.1)
    assert "the base moves at 0.25 m/s" in dict(verdicts)[first].reason
    assert dict(verdicts)[first].fault


def test_somebody_else_who_drives_is_no_fault_of_the_base() -> None:
    verdicts = judge(8.0, drive, lambda time: AHEAD if 3.6 < time < 7 else drive(time))
    (text,) = {verdict.reason for _, verdict in verdicts if verdict.moves}
    assert text == "the base is moved by somebody else (odom)"
    assert not any(verdict.fault for _, verdict in verdicts)
    assert not verdicts[-1][1].moves


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert not any(verdict.reason for _, verdict in judge(4.0, lambda time: AHEAD, lambda time: Velocity(x=math.nan)))
    following = Following()
    assert not any(following.take(time, AHEAD, STILL).reason for time in (0.0, 1.0, 2.0, 1.0, 1.0, 3.0))
