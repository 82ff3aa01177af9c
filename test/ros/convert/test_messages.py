"""From the tasks' arrays to messages."""

from __future__ import annotations

import numpy as np
import pytest
from opendr_perception.msg import Box, Face, FaceArray, Keypoint

from opendr_perception.ros.convert.messages import (
    body_pose_array,
    detection_array,
    emotion_array,
    face_views,
    heatmap_image,
    keypoint_array,
    read_heatmap,
)
from opendr_perception.tasks.body.pose import Poses
from opendr_perception.tasks.emotion.recognition import Emotion
from opendr_perception.tasks.imaging.heatmap import Heatmap
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.detection import Detections

IMAGE = Image(np.zeros((30, 40, 3), np.uint8), "bgr8")
PEOPLE = Detections(np.array([[1, 2, 3, 4], [5.5, 6, 7, 8]], np.float32), np.array([0.75, 0.5], np.float32))
NOBODY = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))


def test_detections_keep_their_order_and_numbers() -> None:
    message = detection_array(IMAGE, PEOPLE, ["7", ""], label="person")
    assert (message.width, message.height) == (40, 30)
    assert [(d.track_id, d.label, d.score) for d in message.detections] == [("7", "person", 0.75), ("", "person", 0.5)]
    box = message.detections[1].box
    assert (box.x_min, box.y_min, box.x_max, box.y_max) == (5.5, 6, 7, 8)


def test_poses_keep_their_order_and_numbers() -> None:
    keypoints = np.arange(2 * 17 * 3, dtype=np.float32).reshape(2, 17, 3)
    message = body_pose_array(IMAGE, Poses(PEOPLE, keypoints), ["7", ""])
    assert (message.width, message.height, message.layout) == (40, 30, "coco17")
    assert [(pose.track_id, pose.score, pose.box.x_min) for pose in message.poses] == [("7", 0.75, 1), ("", 0.5, 5.5)]
    np.testing.assert_array_equal([[(p.x, p.y, p.score) for p in pose.keypoints] for pose in message.poses], keypoints)


def test_nobody_is_an_empty_array() -> None:
    assert detection_array(IMAGE, NOBODY, [], label="person").detections == []
    message = body_pose_array(IMAGE, Poses(NOBODY, np.empty((0, 17, 3), np.float32)), [])
    assert (message.poses, message.layout) == ([], "coco17")


def test_emotions_name_the_most_probable_label() -> None:
    emotion = Emotion("7", np.array([0.25, 0.75]), valence=0.5, arousal=-0.5, frames=3, warm=True)
    message = emotion_array([emotion], ("neutral", "happy"))
    assert message.labels == ["neutral", "happy"]
    (only,) = message.emotions
    assert (only.track_id, only.label, list(only.probabilities)) == ("7", "happy", [0.25, 0.75])
    assert (only.valence, only.arousal, only.frames, only.warm) == (0.5, -0.5, 3, True)


def test_faces_are_read_with_their_landmarks_and_angles() -> None:
    box = Box(x_min=1.0, y_min=2.0, x_max=3.0, y_max=4.0)
    points = [Keypoint(x=float(x), y=9.0) for x in range(6)]
    face = Face(track_id="7", box=box, landmarks=points, yaw=0.5, pitch=float("nan"), roll=-0.5)
    view, bare = face_views(FaceArray(faces=[face, Face()]))
    assert (view.track, view.box.tolist(), view.landmarks.tolist()) == ("7", [1, 2, 3, 4], [[x, 9] for x in range(6)])
    np.testing.assert_array_equal(view.angles, (0.5, np.nan, -0.5))
    assert bare.landmarks.shape == (0, 2)


def test_a_heatmap_comes_back_as_it_was() -> None:
    heatmap = Heatmap(np.random.default_rng(0).random((3, 5), np.float32), 4, 2)
    message = heatmap_image(heatmap)
    assert (message.encoding, message.width, message.height, message.step) == ("32FC1", 5, 3, 20)
    read = read_heatmap(message, cell=4)
    np.testing.assert_array_equal(read.values, heatmap.values)
    assert (read.stride, read.offset) == (4, 2)
    message.encoding = "mono8"
    with pytest.raises(ValueError, match="must be of the encoding 32FC1, little endian, not mono8"):
        read_heatmap(message, cell=4)


def test_keypoints_are_read_in_the_layout_that_is_wanted() -> None:
    keypoints = np.arange(2 * 17 * 3, dtype=np.float32).reshape(2, 17, 3)
    poses = Poses(PEOPLE, keypoints)
    for layout in ("coco17", "openpose18"):
        message = body_pose_array(IMAGE, poses.in_layout(layout), ["", ""])
        assert message.layout == layout
        np.testing.assert_array_equal(keypoint_array(message, "coco17"), keypoints)
    message.layout = "ntu25"
    with pytest.raises(ValueError, match=r"unknown layout of poses 'ntu25' \(known: coco17, openpose18\)"):
        keypoint_array(message, "coco17")
