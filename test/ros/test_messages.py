"""From the tasks' arrays to messages."""

from __future__ import annotations

import numpy as np

from opendr_perception.ros.messages import body_pose_array, detection_array
from opendr_perception.tasks.detection import Detections
from opendr_perception.tasks.image import Image
from opendr_perception.tasks.pose import Poses

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
    message = body_pose_array(IMAGE, Poses(PEOPLE, keypoints), ["7", ""], layout="coco17")
    assert (message.width, message.height, message.layout) == (40, 30, "coco17")
    assert [(pose.track_id, pose.score, pose.box.x_min) for pose in message.poses] == [("7", 0.75, 1), ("", 0.5, 5.5)]
    np.testing.assert_array_equal([[(p.x, p.y, p.score) for p in pose.keypoints] for pose in message.poses], keypoints)


def test_nobody_is_an_empty_array() -> None:
    assert detection_array(IMAGE, NOBODY, [], label="person").detections == []
    message = body_pose_array(IMAGE, Poses(NOBODY, np.empty((0, 17, 3), np.float32)), [], layout="coco17")
    assert (message.poses, message.layout) == ([], "coco17")
