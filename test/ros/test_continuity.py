"""When a stream must start anew."""

from __future__ import annotations

from opendr_perception.ros.continuity import Continuity

SECOND = 10**9


def test_a_stream_goes_on_through_small_gaps_and_equal_stamps() -> None:
    continuity = Continuity()
    for stamp in (0, 1, 1, 1 + SECOND, 5 * SECOND // 2):
        assert continuity.check(stamp, max_gap=2.0) is None


def test_a_gap_is_told_once_with_its_length() -> None:
    continuity = Continuity()
    assert continuity.check(10 * SECOND, max_gap=1.0) is None
    assert continuity.check(11 * SECOND, max_gap=1.0) is None
    assert continuity.check(13 * SECOND + 1, max_gap=1.0) == "nothing came for 2.000 s"
    assert continuity.check(14 * SECOND, max_gap=1.0) is None


def test_time_that_goes_back_is_told_once() -> None:
    continuity = Continuity()
    continuity.check(10 * SECOND, max_gap=1.0)
    assert continuity.check(9 * SECOND, max_gap=1.0) == "time went back by 1.000 s"
    assert continuity.check(9 * SECOND + 5, max_gap=1.0) is None
