"""Frames of faces, gazes and bodies, against geometry done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_msgs.msg import Quaternion
from opendr_perception.msg import Box, Face, Keypoint
from std_msgs.msg import Header

from opendr_perception.ros.hri.frames import PLACES, body_place, face_place, gaze_of, quaternion
from opendr_perception.tasks.imaging import PinholeCamera

LENS = PinholeCamera(np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]]), 640, 480, np.zeros(4))


def rotation(turn: Quaternion) -> np.ndarray:
    """The matrix of a quaternion."""
    x, y, z, w = turn.x, turn.y, turn.z, turn.w
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def face(x: float = 320, y: float = 240, side: float = 75, **angles: float) -> Face:
    box = Box(x_min=x - side / 2, y_min=y - side / 2, x_max=x + side / 2, y_max=y + side / 2)
    eyes = [Keypoint(x=x - 15, y=y, score=1.0), Keypoint(x=x + 15, y=y, score=1.0)]
    return Face(box=box, landmarks=eyes, **({"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | angles))


def test_a_face_that_looks_here_points_to_the_camera_with_its_scalp_up() -> None:
    place = face_place(face(), LENS)
    assert place is not None
    assert place.origin == pytest.approx([0, 0, 1.0], abs=1e-6), "75 pixels are 15 cm at one metre"
    np.testing.assert_allclose(place.axes, np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]]).T, atol=1e-9)


@pytest.mark.parametrize(("angle", "axis"), [("yaw", 0), ("pitch", 1)])
def test_a_head_that_turns_to_the_right_of_the_image_or_up_points_there(angle: str, axis: int) -> None:
    place = face_place(face(**{angle: 0.4}), LENS)
    assert place is not None
    forward = place.axes[:, 0]
    assert forward[axis] == pytest.approx(math.sin(0.4) * (-1 if angle == "pitch" else 1))
    assert forward[2] == pytest.approx(-math.cos(0.4))


def test_a_head_that_leans_clockwise_has_its_scalp_there() -> None:
    place = face_place(face(roll=0.3), LENS)
    assert place is not None
    assert place.axes[:, 2] == pytest.approx([math.sin(0.3), -math.cos(0.3), 0])


def test_a_known_distance_over_the_floor_wins() -> None:
    place = face_place(face(x=320 + 375), LENS, distance=2.5)
    assert place is not None
    assert place.origin == pytest.approx([1.5, 0, 2.0])


@pytest.mark.parametrize("bad", [face(yaw=math.nan), Face(), face(x=math.inf), face(side=0)])
def test_a_face_that_nobody_can_place_has_no_frame(bad: Face) -> None:
    assert face_place(bad, LENS) is None


def test_the_gaze_is_the_direction_of_the_face_as_optical_frames_have_it() -> None:
    found = gaze_of("face_1", "gaze_1", Header(frame_id="eye"))
    assert (found.header.frame_id, found.child_frame_id) == ("face_1", "gaze_1")
    right, down, ahead = rotation(found.transform.rotation).T
    assert ahead == pytest.approx([1, 0, 0], abs=1e-9)
    assert right == pytest.approx([0, -1, 0], abs=1e-9) and down == pytest.approx([0, 0, -1], abs=1e-9)


def test_quaternions_are_those_of_the_rotation() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        axes *= np.linalg.det(axes)
        np.testing.assert_allclose(rotation(quaternion(axes)), axes, atol=1e-9)
    half = np.diag([-1.0, -1.0, 1.0])
    np.testing.assert_allclose(rotation(quaternion(half)), half, atol=1e-9)
    assert quaternion(np.eye(3)).w == 1


def body(turn: float, distance: float = 3.0, lying: bool = False) -> np.ndarray:
    """Keypoints of somebody 0.5 m to the right who has turned so far from the camera to the right of the image."""
    shoulder = np.array([math.cos(turn), 0, math.sin(turn)]) * 0.18
    nose = np.array([math.sin(turn), -2, -math.cos(turn)]) * 0.12
    points = {
        "left_shoulder": shoulder - (0, 0.5, 0), "right_shoulder": -shoulder - (0, 0.5, 0),
        "left_hip": shoulder * 0.6, "right_hip": -shoulder * 0.6, "nose": nose - (0, 0.5, 0),
    }  # fmt: skip
    keypoints = np.zeros((18, 3))
    for name, (x, y, z) in points.items():
        x, y = (y, -x) if lying else (x, y)
        away = np.array([0.5 + x, y, distance + z])
        seen = 0.0 if name == "nose" and abs(turn) > 2.5 else 0.9
        keypoints[PLACES[name]] = (*(LENS.matrix @ away / away[2])[:2], seen)
    return keypoints


@pytest.mark.parametrize("turn", [0.0, 0.7, -0.7, 1.4, math.pi])
@pytest.mark.parametrize("lying", [False, True])
def test_a_body_faces_where_its_shoulders_and_nose_say(turn: float, lying: bool) -> None:
    place = body_place(body(turn, lying=lying), LENS, math.hypot(0.5, 3.0))
    assert place is not None
    assert place.origin == pytest.approx([0.5, 0, 3.0], abs=0.1)
    up = np.array([-1.0, 0, 0]) if lying else np.array([0, -1.0, 0])
    aside = np.array([0, -1.0, 0]) if lying else np.array([1.0, 0, 0])
    wanted = math.sin(turn) * aside - math.cos(turn) * np.array([0, 0, 1.0])
    assert place.axes[:, 0] @ wanted > math.cos(math.radians(15))
    assert place.axes[:, 2] @ up > 0.98
    assert np.linalg.det(place.axes) == pytest.approx(1)


@pytest.mark.parametrize("bad", ["far", "hidden", "nan"])
def test_a_body_that_nobody_can_place_has_no_frame(bad: str) -> None:
    keypoints = body(0.0)
    if bad != "far":
        keypoints[PLACES["left_hip"], 2] = 0.1 if bad == "hidden" else math.nan
    assert body_place(keypoints, LENS, math.nan if bad == "far" else 3.0) is None
