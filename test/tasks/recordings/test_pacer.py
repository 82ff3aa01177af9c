from __future__ import annotations

from collections.abc import Sequence

import pytest

from opendr_perception.tasks.recordings.pacer import DEFAULT_RATE, Pacer

SECOND = 10**9


def play(pacer: Pacer, stamps: Sequence[float], late: dict[int, float] | None = None) -> list[float]:
    """Due times of frames (stamps in seconds) for a consumer that waits until each is due, or comes `late` for one."""
    now, due = 50.0, []
    for index, stamp in enumerate(stamps):
        now += (late or {}).get(index, 0.0)
        now = pacer.due(round(stamp * SECOND), now)
        due.append(round(now - 50.0, 6))
    return due


def test_the_pacer_keeps_the_distances_of_the_stamps() -> None:
    assert play(Pacer(), [1000, 1000.1, 1000.3, 1000.35]) == [0, 0.1, 0.3, 0.35]


def test_the_pacer_keeps_a_constant_rate() -> None:
    assert play(Pacer(rate=4), [1000, 1000.1, 1007, 3]) == [0, 0.25, 0.5, 0.75]


def test_a_jittering_consumer_does_not_slow_the_pacer_down() -> None:
    pacer = Pacer(rate=10)
    due = [pacer.due(index, 50 + index * 0.1 - 0.09) for index in range(100)]
    assert due[-1] - due[0] == pytest.approx(9.9)


def test_a_loop_goes_on_after_one_period() -> None:
    assert play(Pacer(), [5, 5.2, 5.4, 5, 5.2]) == [0, 0.2, 0.4, 0.6, 0.8]


def test_equal_stamps_come_at_the_native_rate() -> None:
    assert play(Pacer(native_rate=5), [0, 0, 0]) == [0, 0.2, 0.4]
    assert play(Pacer(), [0, 0]) == [0, 1 / DEFAULT_RATE]


def test_a_leap_is_not_waited_for() -> None:
    assert play(Pacer(native_rate=5, max_gap=3), [0, 1e9, 1e9 + 0.1, 1e9 + 3, 1e9 + 6.5]) == [0, 0.2, 0.3, 3.2, 6.1]


def test_a_late_consumer_is_not_followed_by_a_burst() -> None:
    assert play(Pacer(), [0, 0.1, 0.2, 0.3, 0.4], late={2: 5.0}) == [0, 0.1, 5.1, 5.2, 5.3]


def test_live_frames_are_due_at_once() -> None:
    pacer = Pacer(rate=1)
    assert [pacer.due(None, now) for now in (3.0, 3.1, 3.2)] == [3.0, 3.1, 3.2]


@pytest.mark.parametrize("rates", [(-1.0, 0.0), (0.0, float("nan"))])
def test_a_pacer_refuses_a_rate_out_of_range(rates: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a rate must be"):
        Pacer(*rates)
