"""The usual interval, and how long one waits because of it."""

from __future__ import annotations

import pytest

from opendr_perception.tasks.imaging.rhythm import KEPT, MISSED, Rhythm


def test_the_usual_interval_is_that_of_most_events_and_not_of_leaps() -> None:
    rhythm = Rhythm()
    for interval in (0.1, 0.1, 60.0, 0.1, 60.0):
        rhythm.note(interval)
    assert rhythm.interval() == 0.1


def test_nothing_is_known_of_too_few_events() -> None:
    rhythm = Rhythm()
    assert rhythm.interval() == 0.0
    rhythm.note(2.0)
    rhythm.note(0.0)
    rhythm.note(-1.0)
    assert (rhythm.interval(), rhythm.interval(known=2)) == (2.0, 0.0)


def test_patience_grows_with_the_interval_only() -> None:
    rhythm = Rhythm()
    assert rhythm.patience(1.0) == 1.0
    rhythm.note(2.0)
    assert rhythm.patience(1.0) == pytest.approx(2.0 * MISSED)
    assert rhythm.patience(100.0) == 100.0
    assert rhythm.patience(1.0, known=2) == 1.0


def test_a_new_rate_is_learnt() -> None:
    rhythm = Rhythm()
    for _ in range(1000):
        rhythm.note(0.03)
    for _ in range(KEPT):
        rhythm.note(2.0)
    assert rhythm.interval() == 2.0
