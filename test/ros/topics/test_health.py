"""Faults of a stream, judged from counts and steps alone."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.topics import health
from opendr_perception.ros.topics.gaps import StreamStep
from opendr_perception.ros.topics.health import RECURS, WITHIN, Health
from opendr_perception.ros.topics.latest import Counts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time in seconds, which the test sets."""
    now = [100.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: now[0])
    return now


def test_rejections_are_judged_by_period_and_silence_changes_no_judgement() -> None:
    stream = Health()
    stream.last_problem = "unsupported encoding"
    stream.judge(Counts(rejected=4))
    assert stream.rejections() == (DiagnosticStatus.ERROR, "no message can be used: unsupported encoding")
    stream.judge(Counts(rejected=4))
    assert stream.rejections()[0] == DiagnosticStatus.ERROR, "nothing came since"
    stream.judge(Counts(rejected=5, processed=3))
    assert stream.rejections() == (DiagnosticStatus.WARN, "1 of 4 cannot be used: unsupported encoding")
    stream.judge(Counts(rejected=5, processed=6, dropped=9))
    assert stream.rejections() == (DiagnosticStatus.OK, "")


def test_what_happens_now_and_then_is_no_fault(clock: list[float]) -> None:
    stream = Health()
    for number in range(5 * RECURS):
        stream.note(1, StreamStep(float(number), restart="time went back by 9.000 s"))
        stream.note(1, StreamStep(float(number), late=True))
        clock[0] += WITHIN
    assert stream.irregularities(0.1, 1.0) == ""
    assert (stream.restarts.count, stream.late.count) == (5 * RECURS, 5 * RECURS)


def test_what_recurs_is_a_fault_for_a_while(clock: list[float]) -> None:
    stream = Health()
    for _ in range(RECURS):
        stream.note(1, StreamStep(1.0, restart="time went back by 9.000 s"))
    assert stream.irregularities(0.1, 1.0) == "the stream restarts again and again: time went back by 9.000 s"
    clock[0] += WITHIN
    assert stream.irregularities(0.1, 1.0) == ""


def test_late_messages_that_recur_are_a_fault(clock: list[float]) -> None:
    stream = Health()
    for _ in range(RECURS):
        stream.note(1, StreamStep(1.0, late=True))
    assert "messages come late again and again" in stream.irregularities(0.1, 1.0)


def test_stamps_that_stand_still_are_a_fault_until_they_advance() -> None:
    stream = Health()
    stream.note(0, StreamStep(1.0, standing=True))
    assert stream.irregularities(0.1, 1.0).startswith("the publisher sets no stamps")
    stream.note(5, StreamStep(2.0, repeated=True, standing=True))
    assert stream.irregularities(0.1, 1.0).startswith("the publisher's stamps stand still")
    stream.note(6, StreamStep(3.0))
    assert stream.irregularities(0.1, 1.0) == ""
    assert (stream.unstamped, stream.repeated) == (1, 1)


def test_a_slow_camera_and_a_slow_node_are_told_apart() -> None:
    stream = Health()
    for second in range(2 * RECURS):
        stream.note(1, StreamStep(2.0 * second))
    assert stream.irregularities(2.0, 1.0).startswith("a message comes every 2.0 s only")
    assert stream.irregularities(0.1, 1.0).startswith("a result comes every 2.0 s only")
    assert stream.irregularities(0.1, 5.0) == ""
