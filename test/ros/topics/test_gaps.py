"""Restarts of a stream, and the time of its frames."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from opendr_perception.ros.topics.gaps import LATE_IN_A_ROW, NOTED, STANDING, GapDetector, StreamStep

SECOND = 10**9
STEADY = 5000 * SECOND


class Camera:
    """Messages that come with stamps, and a node that serves them; seconds everywhere."""

    def __init__(self, max_gap: float = 1.0) -> None:
        self.max_gap = max_gap
        self.gap_detector = GapDetector()
        self.steps: list[StreamStep] = []

    def arrive(self, stamp: float, at: float) -> object:
        return self.gap_detector.arrive(round(stamp * SECOND), STEADY + round(at * SECOND))

    def serve(self, stamp: float, at: float | None = None) -> StreamStep:
        """A message that arrives at a time, by default that of its stamp, and is served at once."""
        arrival = self.gap_detector.arrive(
            round(stamp * SECOND), STEADY + round((stamp if at is None else at) * SECOND)
        )
        self.steps.append(self.gap_detector.follow(arrival, self.max_gap))
        return self.steps[-1]

    def serve_all(self, stamps: Iterable[float]) -> list[StreamStep]:
        return [self.serve(stamp) for stamp in stamps]

    @property
    def restarts(self) -> list[str]:
        return [step.restart for step in self.steps if step.restart]


def test_a_stream_goes_on_through_small_gaps() -> None:
    camera = Camera(max_gap=2.0)
    camera.serve_all([100, 100.1, 102.1, 102.2])
    assert camera.restarts == []
    assert [step.time for step in camera.steps] == pytest.approx([100, 100.1, 102.1, 102.2])
    assert not any(step.late or step.standing for step in camera.steps)


def test_a_gap_is_told_once_with_its_length() -> None:
    camera = Camera()
    camera.serve_all([10, 10.1, 10.2, 13.2, 13.3])
    assert camera.restarts == ["nothing came for 3.000 s"]


def test_messages_that_were_dropped_or_rejected_are_no_gap() -> None:
    camera = Camera()
    camera.serve(10.0)
    for tenth in range(1, 60):
        camera.arrive(10 + tenth / 10, 10 + tenth / 10)
    camera.serve(16.0)
    assert camera.restarts == []


def test_a_gap_among_messages_that_were_dropped_is_one() -> None:
    camera = Camera()
    camera.serve(10.0)
    for stamp in (10.1, 10.2, 14.2, 14.3):
        camera.arrive(stamp, stamp)
    camera.serve(14.4)
    assert camera.restarts == ["nothing came for 4.000 s"]


def test_stamps_of_rubbish_disturb_nobody() -> None:
    camera = Camera()
    camera.serve(10.0)
    for stamp in (4e9, -3.0, 0.0, 11.5e8):
        camera.arrive(stamp, 10.05)
    camera.serve(10.1)
    assert camera.restarts == []


def test_stamps_that_leap_while_messages_come_are_not_called_silence() -> None:
    camera = Camera()
    camera.serve(10.0, at=0.0)
    camera.serve(20.0, at=0.1)
    assert camera.restarts == ["stamps leapt by 10.000 s"]


def test_a_camera_slower_than_the_longest_gap_is_learnt() -> None:
    camera = Camera(max_gap=1.0)
    camera.serve_all(100 + 1.7 * index for index in range(20))
    assert not any(step.restart for step in camera.steps[4:]), "after some frames the rate is known"
    assert camera.gap_detector.interval == pytest.approx(1.7)
    assert camera.serve(160.0).restart.startswith("nothing came for")


def test_a_stamp_that_is_a_little_back_is_a_late_message() -> None:
    camera = Camera()
    steps = camera.serve_all([10.0, 10.1, 10.2, 10.3, 10.298, 10.398, 10.4])
    assert [step.late for step in steps] == [False, False, False, False, True, False, False]
    assert camera.restarts == []


def test_a_leap_back_is_a_new_beginning() -> None:
    camera = Camera()
    camera.serve_all([10.0, 10.1, 5.0, 5.1])
    assert camera.restarts == ["time went back by 5.100 s"]


def test_a_recording_shorter_than_the_longest_gap_that_begins_again_is_no_late_message_for_ever() -> None:
    camera = Camera()
    for _ in range(3):
        camera.serve_all([10.0, 10.1, 10.2, 10.3, 10.4, 10.5])
    assert len(camera.restarts) == 2
    assert sum(step.late for step in camera.steps) == 2 * LATE_IN_A_ROW


def test_two_cameras_on_one_topic_are_one_and_late_messages() -> None:
    camera = Camera()
    for index in range(20):
        camera.serve(10 + index / 10, at=index / 10)
        camera.serve(9.99 + index / 10, at=index / 10 + 0.01)
    assert camera.restarts == []
    assert sum(step.late for step in camera.steps) == 20


@pytest.mark.parametrize("stamp", [0.0, 1.7e9])
def test_where_stamps_stand_still_the_time_of_arrival_advances(stamp: float) -> None:
    camera = Camera()
    times = [camera.serve(stamp, at=index / 10).time for index in range(40)]
    assert camera.restarts == []
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert steps[STANDING:] == pytest.approx([0.1] * (39 - STANDING), abs=1e-5)
    assert all(step.standing for step in camera.steps[STANDING + 1 :])
    assert all(step.repeated for step in camera.steps[1:])
    assert camera.serve(stamp, at=9.0).restart == "nothing came for 5.100 s"


def test_the_same_image_again_says_nothing_new() -> None:
    camera = Camera()
    steps = [camera.serve(10.0, at=at) for at in (0.0, 0.1, 0.2)]
    assert {step.time for step in steps} == {10.0}
    assert [step.repeated for step in steps] == [False, True, True]
    assert not any(step.standing for step in steps)
    assert camera.serve(10.3, at=0.3) == StreamStep(10.3)


def test_stamps_that_begin_or_end_are_a_new_beginning() -> None:
    camera = Camera()
    for stamps in ((0.0,) * 5, (100.0, 100.1, 100.2), (0.0,) * 5):
        for stamp in stamps:
            camera.serve(stamp, at=len(camera.steps) / 10)
    assert len(camera.restarts) == 2


def test_a_clock_that_stood_still_for_a_while_goes_on() -> None:
    camera = Camera()
    for index in range(10):
        camera.serve(50.0, at=index / 10)
    camera.serve(50.0 + 0.7, at=1.0)
    assert camera.restarts == []


def test_nothing_grows_while_nothing_is_served() -> None:
    camera = Camera()
    camera.serve(10.0)
    for index in range(3 * NOTED):
        camera.arrive(10 + index / 30, 10 + index / 30)
    assert len(camera.gap_detector._arrivals) == NOTED
    camera.serve(10 + 3 * NOTED / 30)
    assert camera.restarts == [], "what has come is not known any more, so nothing is said about it"
    assert not camera.gap_detector._arrivals
