"""What is drawn lies where the result says."""

from __future__ import annotations

import numpy as np
import pytest
from opendr_perception.msg import (
    BodyPose,
    BodyPoseArray,
    Box,
    Detection,
    DetectionArray,
    Emotion,
    EmotionArray,
    Face,
    FaceArray,
    Keypoint,
)

from opendr_perception.ros.convert.drawing import (
    JOINT,
    KEYPOINT_THRESHOLD,
    draw_detections,
    draw_emotions,
    draw_faces,
    draw_heatmap,
    draw_poses,
)
from opendr_perception.tasks.imaging.heatmap import Heatmap

BOX = Box(x_min=20.0, y_min=30.0, x_max=60.0, y_max=90.0)


def people(track: str = "7", box: Box = BOX) -> DetectionArray:
    return DetectionArray(detections=[Detection(track_id=track, label="person", score=0.5, box=box)])


def poses(score: float, box: Box = BOX, track: str = "7") -> BodyPoseArray:
    points = [Keypoint(x=40.0, y=60.0, score=0.0) for _ in range(17)]
    points[0] = Keypoint(x=45.0, y=45.0, score=score)
    return BodyPoseArray(layout="coco17", poses=[BodyPose(track_id=track, score=0.5, box=box, keypoints=points)])


def canvas() -> np.ndarray:
    return np.zeros((120, 160, 3), np.uint8)


def test_nothing_is_drawn_for_nobody() -> None:
    picture = canvas()
    draw_detections(picture, DetectionArray())
    draw_poses(picture, BodyPoseArray())
    assert not picture.any()


def test_a_box_is_drawn_around_the_person_and_a_track_keeps_its_colour() -> None:
    first, second, other = canvas(), canvas(), canvas()
    draw_detections(first, people())
    draw_detections(second, people())
    draw_detections(other, people(track="8"))
    edge = first[60, 20]
    assert edge.any()
    assert not first[40:80, 30:50].any(), "the person must stay visible"
    np.testing.assert_array_equal(first, second)
    assert (other[60, 20] != edge).any()


def test_only_keypoints_that_were_seen_are_drawn() -> None:
    seen, unseen = canvas(), canvas()
    draw_poses(seen, poses(KEYPOINT_THRESHOLD))
    draw_poses(unseen, poses(KEYPOINT_THRESHOLD - 0.01))
    assert tuple(seen[45, 45]) == JOINT
    assert not unseen[45, 45].any()


@pytest.mark.parametrize("track", ["", "name", "12345678901234567890"])
def test_odd_boxes_and_tracks_can_be_drawn(track: str) -> None:
    for box in (Box(), Box(x_min=-50.0, y_min=-50.0, x_max=500.0, y_max=500.0), Box(x_min=159.0, x_max=160.0)):
        for picture in (canvas(), np.zeros((1, 1, 3), np.uint8)):
            draw_detections(picture, people(track, box))
            draw_poses(picture, poses(1.0, box, track))


def test_what_a_face_shows_is_written_below_it() -> None:
    faces = FaceArray(faces=[Face(track_id="7", box=BOX), Face(track_id="", box=BOX)])
    warm, cold, nothing = canvas(), canvas(), canvas()
    for picture, is_warm in ((warm, True), (cold, False)):
        draw_emotions(picture, faces, EmotionArray(emotions=[Emotion(track_id="7", label="sad", warm=is_warm)]))
        assert picture[92:110].any()
        assert not picture[40:80, 30:50].any(), "the face must stay visible"
    assert (warm != cold).any(), "it is said whether the network has seen enough"
    draw_emotions(nothing, faces, EmotionArray())
    draw_emotions(nothing, FaceArray(), EmotionArray(emotions=[Emotion(track_id="7", label="sad")]))
    assert not nothing.any()


def test_faces_have_boxes_names_and_landmarks() -> None:
    known, unknown = canvas(), canvas()
    points = [Keypoint(x=40.0, y=60.0, score=0.9)]
    draw_faces(unknown, FaceArray(faces=[Face(track_id="7", box=BOX, landmarks=points)]))
    draw_faces(known, FaceArray(faces=[Face(track_id="7", box=BOX, landmarks=points, identity="Ann")]))
    assert tuple(known[60, 40]) == JOINT
    assert known[60, 20].any()
    assert (known[:30] != unknown[:30]).any(), "the name stands above the box"
    nobody = canvas()
    draw_faces(nobody, FaceArray())
    assert not nobody.any()


def test_a_heatmap_reddens_the_pixels_of_its_cells() -> None:
    values = np.zeros((15, 20), np.float32)
    values[5:8, 10:12] = 0.8
    picture = canvas()
    draw_heatmap(picture, Heatmap(values, 8, 4), threshold=0.9)
    red = picture[..., 2] > 60
    assert red[44:60, 84:92].all()
    rows, columns = np.nonzero(red)
    assert (rows.min() >= 36, rows.max() < 68, columns.min() >= 76, columns.max() < 100) == (True,) * 4
    assert not picture[..., :2].any(), "no box: no cell reaches the threshold"
    draw_heatmap(picture, Heatmap(values, 8, 4), threshold=0.8)
    assert picture[40:64, 80, :2].any(), "a box is drawn along the border of the cells"
