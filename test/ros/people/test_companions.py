"""Messages are joined to the people of an image by stamps."""

from __future__ import annotations

import time

from opendr_perception.ros.people.companions import LIMIT, MISSES, UNJOINED, CompanionSource

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


def told(*, late: int, shift: int = 0, every: int = 1, exact: bool = True) -> str:
    """The problem of a source whose messages come so many images late, with other stamps, or for some images only."""
    interval = SECOND // 10
    people = [number * interval for number in range(100, 200)]
    source = CompanionSource(exact=exact)
    for number, stamp in enumerate(people):
        newest = number - late
        if newest % every == 0 and 0 <= newest < len(people):
            source.take(people[newest] + shift, "message")
        source.of(stamp, 0)
    return source.problem("/poses", set(people), 0.25)


def test_who_is_late_is_not_taken_for_another_camera() -> None:
    assert told(late=0) == ""
    assert "0.50 s behind when people have waited 0.25 s" in told(late=5)
    assert "raise wait" in told(late=5)
    assert told(late=5, shift=1000).endswith(
        "behind persons, and is not joined: both must be of one camera, with its stamps"
    )
    assert told(late=0, shift=1000).endswith("of one camera, with its stamps")
    assert told(late=5, shift=1000, exact=False).endswith("it is late, or has another clock")


def test_people_who_come_after_all_that_is_kept_are_late_themselves() -> None:
    interval = SECOND // 10
    source = filled(*(number * interval for number in range(100, 200)))
    people = {number * interval for number in range(100, 100 + MISSES)}
    for stamp in people:
        source.of(stamp, 0)
    assert f"later than the last {LIMIT} of /poses" in source.problem("/poses", people, 0.25)


def test_who_leaves_out_images_is_no_problem() -> None:
    assert MISSES < 15
    assert told(late=0, every=15) == ""
    assert UNJOINED > 1, "one is about to be joined"


def test_few_are_kept_and_none_of_before_time_went_back() -> None:
    source = filled(*range(10 * SECOND, 10 * SECOND + 3 * LIMIT))
    assert len(source.messages) == LIMIT
    source.take(SECOND, "again")
    assert list(source.messages) == [SECOND]
