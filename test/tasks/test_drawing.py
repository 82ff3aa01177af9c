"""Drawings lie where the result says."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.action import Action, Actions
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.drawing import (
    JOINT,
    KEYPOINT_THRESHOLD,
    draw_actions,
    draw_emotions,
    draw_faces,
    draw_heatmap,
    draw_people,
    draw_poses,
)
from opendr_perception.tasks.emotion import Emotion, Emotions, FaceView
from opendr_perception.tasks.face import Faces, Identity, RecognisedFaces
from opendr_perception.tasks.imaging import Heatmap
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import TrackedPeople

BOX = (20.0, 30.0, 60.0, 90.0)
NOBODY = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))


def found(box: tuple[float, ...] = BOX) -> Detections:
    return Detections(np.array([box], np.float32), np.array([0.5], np.float32))


def people(track: str = "7", box: tuple[float, ...] = BOX) -> TrackedPeople:
    return TrackedPeople(found(box), [track])


def poses(score: float, box: tuple[float, ...] = BOX, track: str = "7") -> Poses:
    points = np.tile(np.array([40.0, 60.0, 0.0], np.float32), (17, 1))
    points[0] = 45.0, 45.0, score
    return Poses(found(box), points[None], tracks=[track])


def faces(name: str = "") -> RecognisedFaces:
    landmarks = np.tile(np.array([40.0, 60.0], np.float32), (1, 6, 1))
    return RecognisedFaces(Faces(found(), landmarks), ["7"], np.zeros((1, 3)), [Identity(name, 0.1, 0.0)])


def emotions(warm: bool) -> Emotions:
    return Emotions(["sad"], [Emotion("7", np.ones(1), 0.0, 0.0, frames=1, warm=warm)])


def canvas() -> np.ndarray:
    return np.zeros((120, 160, 3), np.uint8)


def test_nothing_is_drawn_for_nobody() -> None:
    image = canvas()
    draw_people(image, TrackedPeople(NOBODY, []))
    draw_poses(image, Poses(NOBODY, np.empty((0, 17, 3), np.float32)))
    assert not image.any()


def test_a_box_is_drawn_around_the_person_and_a_track_keeps_its_colour() -> None:
    first, second, other = canvas(), canvas(), canvas()
    draw_people(first, people())
    draw_people(second, people())
    draw_people(other, people(track="8"))
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
    for box in ((0, 0, 0, 0), (-50.0, -50.0, 500.0, 500.0), (159.0, 0.0, 160.0, 0.0)):
        for image in (canvas(), np.zeros((1, 1, 3), np.uint8)):
            draw_people(image, people(track, box))
            draw_poses(image, poses(1.0, box, track))


def test_what_a_face_shows_is_written_below_it() -> None:
    shown = [FaceView(np.array(BOX), track=track) for track in ("7", "")]
    warm, cold, nothing = canvas(), canvas(), canvas()
    for image, is_warm in ((warm, True), (cold, False)):
        draw_emotions(image, shown, emotions(is_warm))
        assert image[92:110].any()
        assert not image[40:80, 30:50].any(), "the face must stay visible"
    assert (warm != cold).any(), "it is said whether the network has seen enough"
    draw_emotions(nothing, shown, Emotions(["sad"], []))
    draw_emotions(nothing, [], emotions(True))
    assert not nothing.any()


def test_what_a_person_does_is_written_below_them() -> None:
    warm, cold = canvas(), canvas()
    for image, is_warm in ((warm, True), (cold, False)):
        draw_actions(image, poses(0.0), Actions(["walk"], [Action("7", np.ones(1), frames=1, warm=is_warm)]))
        assert image[92:110].any()
    assert (warm != cold).any(), "it is said whether the network has seen enough"


def test_faces_have_boxes_names_and_landmarks() -> None:
    known, unknown = canvas(), canvas()
    draw_faces(unknown, faces())
    draw_faces(known, faces("Ann"))
    assert tuple(known[60, 40]) == JOINT
    assert known[60, 20].any()
    assert (known[:30] != unknown[:30]).any(), "the name stands above the box"
    nobody = canvas()
    draw_faces(nobody, RecognisedFaces(Faces(NOBODY, np.empty((0, 6, 2))), [], np.empty((0, 3)), []))
    assert not nobody.any()


def test_a_heatmap_reddens_the_pixels_of_its_cells() -> None:
    values = np.zeros((15, 20), np.float32)
    values[5:8, 10:12] = 0.8
    image = canvas()
    draw_heatmap(image, Heatmap(values, 8, 4), threshold=0.9)
    red = image[..., 2] > 60
    assert red[44:60, 84:92].all()
    rows, columns = np.nonzero(red)
    assert (rows.min() >= 36, rows.max() < 68, columns.min() >= 76, columns.max() < 100) == (True,) * 4
    assert not image[..., :2].any(), "no box: no cell reaches the threshold"
    draw_heatmap(image, Heatmap(values, 8, 4), threshold=0.8)
    assert image[40:64, 80, :2].any(), "a box is drawn along the border of the cells"
