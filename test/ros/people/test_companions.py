"""Messages are joined to the people of an image by stamps."""

from __future__ import annotations

import time

from opendr_perception.ros.people.companions import LIMIT, MISSES, CompanionSource

SECOND = 10**9


def filled(*stamps: int) -> CompanionSource:
    source = CompanionSource()
    for stamp in stamps:
        source.take(stamp, f"message {stamp}")
    return source


def test_nobody_waits_for_what_never_came_or_is_past() -> None:
    assert CompanionSource().settled(5), "nobody publishes it"
    source = filled(10)
    assert source.settled(10)
    assert source.settled(9), "something newer has come: this one was left out"
    assert not source.settled(11)
    source.heard = time.monotonic() - 60
    assert source.settled(11), "it has stopped"


def test_the_nearest_is_taken_if_it_is_near_enough() -> None:
    source = filled(1 * SECOND, 2 * SECOND)
    assert source.of(2 * SECOND, 0) == f"message {2 * SECOND}"
    assert source.of(2 * SECOND + 100, 1000) == f"message {2 * SECOND}"
    assert source.of(2 * SECOND + 100, 0) is None


def test_misses_in_a_row_are_counted_with_their_offset() -> None:
    source = filled(10 * SECOND)
    for _ in range(MISSES):
        source.of(11 * SECOND, 0)
    assert source.misses == MISSES
    assert source.offset == -1.0
    source.of(10 * SECOND, 0)
    assert source.misses == 0


def test_few_are_kept_and_none_of_before_time_went_back() -> None:
    source = filled(*range(10 * SECOND, 10 * SECOND + 3 * LIMIT))
    assert len(source.messages) == LIMIT
    source.take(SECOND, "again")
    assert list(source.messages) == [SECOND]
