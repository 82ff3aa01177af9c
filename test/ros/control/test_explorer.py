"""Interpretation of faces, images and the calibration by a robot."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import pytest
from opendr_perception.msg import Box, Detection, DetectionArray, Face, FaceArray
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception.active.control.motion import Move
from opendr_perception.active.identification import Interrupted
from opendr_perception.active.perception.observation import RangeOnly


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendr_perception.ros.control.explorer.LOOK_TIMEOUT", 0.2)


def test_of_three_looks_the_one_of_median_confidence_counts(stage: Any) -> None:
    stage.confidences = iter((0.5, -0.1, 0.3))
    stage.people = {"7": (2.0, 0.2)}
    stage.explorer.begin("7")
    with stage.showing():
        view = stage.explorer.look()
    assert view.recognition.confidence == 0.3
    assert view.distance == pytest.approx(2.0, rel=0.02)
    assert view.landmarks.shape == (6, 2)
    assert stage.drive.controller.person.bearing == pytest.approx(0.2, abs=0.01)


def test_the_nearest_is_meant_unless_a_track_is(stage: Any) -> None:
    stage.people = {"1": (3.0, 0.3), "2": (1.5, -0.2)}
    for track, distance in (("", 1.5), ("1", 3.0)):
        stage.explorer.begin(track)
        with stage.showing():
            assert stage.explorer.look().distance == pytest.approx(distance, rel=0.03)


def test_a_face_of_another_track_is_theirs_only_where_they_should_be(stage: Any, impatient: None) -> None:
    stage.explorer.begin("7")
    stage.show()
    stage.people = {"8": (2.0, 0.05)}
    with stage.showing():
        assert stage.explorer.look() is not None
    stage.people = {"9": (2.0, 0.4)}
    with stage.showing():
        assert stage.explorer.look() is None


def test_without_anybody_there_is_no_view(stage: Any, impatient: None) -> None:
    stage.people = {}
    stage.explorer.begin("")
    with stage.showing():
        assert stage.explorer.look() is None


def test_where_nothing_comes_that_is_said(stage: Any, impatient: None) -> None:
    stage.explorer.begin("")
    with pytest.raises(Interrupted, match="nothing comes on image_raw and faces"):
        stage.explorer.look()


def test_without_a_calibration_nothing_begins(stage: Any, impatient: None) -> None:
    stage.make_explorer()
    stage.explorer.begin("")
    with stage.showing(), pytest.raises(Interrupted, match="no camera_info"):
        stage.explorer.look()


def test_a_calibration_that_is_none_is_warned_of(stage: Any) -> None:
    stage.calibrate(focal=0.0)
    [warning] = stage.warnings
    assert warning.startswith("camera_info: the camera is not calibrated: a focal length of 0 for 640 pixels")
    assert warning.endswith("the robot does not move")


@pytest.mark.parametrize(
    ("broken", "warning"),
    [
        ("landmarks", "a face without six landmarks is left out"),
        ("image", "image_raw has no image with the stamp of the faces"),
        ("box", "all of this image is left out"),
    ],
)
def test_what_cannot_be_used_is_no_view_and_is_warned_of(
    stage: Any, impatient: None, broken: str, warning: str
) -> None:
    stage.broken = broken
    stage.explorer.begin("")
    with stage.showing(), pytest.raises(Interrupted, match=warning if broken != "image" else "image_raw"):
        stage.explorer.look()
    assert any(warning in text for text in stage.warnings)


def test_an_interruption_ends_a_look_and_forbids_a_move(stage: Any) -> None:
    stage.explorer.begin("")
    threading.Timer(0.05, stage.explorer.interrupt, ("enough",)).start()
    with pytest.raises(Interrupted, match="enough"):
        stage.explorer.look()
    stage.show()
    with pytest.raises(Interrupted, match="enough"):
        stage.explorer.move(Move(pan=math.radians(15)))
    assert stage.commands == []


def test_after_a_move_only_later_images_count(stage: Any, impatient: None) -> None:
    stage.explorer.begin("")
    with stage.showing():
        assert stage.explorer.look() is not None
        assert stage.explorer.move(Move(advance=0.03)) == ""
    stage.show()  # too early: the robot may still tremble
    assert stage.explorer.look() is None
    assert stage.drive.controller.travelled > 0.02


def test_warnings_with_changing_numbers_are_about_one_subject(stage: Any) -> None:
    said: list[tuple[str, str]] = []
    stage.explorer._warn = lambda text, about: said.append((text, about))
    for number in range(20):
        stage.calibrate(focal=-1.0 - number)
        stage.calibrate()
        face = Face(box=Box(x_min=float(number), x_max=math.nan, y_max=1.0))
        stage.explorer.take_faces(FaceArray(width=640, height=480, faces=[face]))
    assert len({text for text, _ in said}) > 20
    assert {about for _, about in said} == {"camera_info", "faces"}


def bodies(stage: Any, *places: tuple[float, float], scale: float = 1.0) -> DetectionArray:
    """People 1.5 m tall and 0.4 m wide whose faces are not seen, by distance and bearing."""
    message = DetectionArray(header=Header(stamp=Time(nanoseconds=time.monotonic_ns()).to_msg()), width=640, height=480)
    for distance, bearing in places:
        u, size = 320 - 500 * math.tan(bearing), 500 / distance / math.cos(bearing)
        box = Box(x_min=u - 0.2 * size, x_max=u + 0.2 * size, y_min=240 - 0.1 * size, y_max=240 + 1.4 * size)
        message.detections.append(Detection(score=0.9, box=box))
    return message


def test_whoever_turns_the_back_is_kept_away_from_and_the_person_is_no_obstacle(stage: Any) -> None:
    stage.explorer.begin("7")
    stage.show()
    stage.explorer.take_persons(bodies(stage, (2.0, 0.0), (2.5, 0.4)))
    [other] = stage.drive.controller.others(time.monotonic())
    assert other.bearing == pytest.approx(0.4, abs=0.02)
    assert 2.0 < other.distance <= 2.51


def test_where_only_a_body_is_seen_there_is_a_glimpse_of_the_person(stage: Any) -> None:
    stage.people = {}
    stage.explorer.begin("")
    done = threading.Event()

    def come() -> None:
        while not done.wait(0.05):
            stage.explorer.take_persons(bodies(stage, (3.0, 0.2), (4.0, -0.2)))

    thread = threading.Thread(target=come)
    thread.start()
    try:
        with stage.showing():
            glimpse = stage.explorer.look()
            assert isinstance(glimpse, RangeOnly)
            assert glimpse.distance == pytest.approx(3.0, abs=0.1)
            assert stage.explorer.move(Move(advance=-0.03)) == "", "it moves by the body"
    finally:
        done.set()
        thread.join()


def test_a_refused_calibration_stops_a_move(stage: Any) -> None:
    stage.explorer.begin("7")
    answers: list[str] = []
    with stage.showing():
        stage.show()
        mover = threading.Thread(target=lambda: answers.append(stage.explorer.move(Move(pan=1.0))))
        mover.start()
        stage.wait(lambda: stage.moves)
        stage.calibrate(focal=0.0)
        stage.wait(lambda: not stage.moves)
        mover.join(20)
    assert "not calibrated" in answers[0]
    with pytest.raises(Interrupted, match="not calibrated"):
        stage.explorer.look()


def test_a_message_with_too_many_people_is_no_image(stage: Any) -> None:
    stage.people = {str(k): (2.0, 0.0) for k in range(1000)}
    stage.explorer.begin("")
    stage.show()
    assert stage.drive.controller.person is None
    assert "1000 people in one image" in stage.warnings[0]
