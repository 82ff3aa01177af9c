"""The calibration of each stream, from its own topic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.topics.cameras import Cameras
from opendr_perception.tasks.imaging.image import Image


def image(width: int, height: int) -> Image:
    return Image(np.zeros((height, width, 3), np.uint8), "bgr8")


def test_each_stream_has_its_own_and_a_resized_image_a_scaled_one(graph: Any) -> None:
    cameras = Cameras(graph.observer, ("front", "rear"))
    info = CameraInfo(
        width=640, height=480, k=[500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0], d=[0.1, 0.0, 0.0, 0.0]
    )
    graph.publisher(CameraInfo, "front/camera_info").publish(info)
    assumed = cameras.of("rear", image(320, 240)).matrix
    graph.wait(lambda: cameras.of("front", image(640, 480)).matrix[0, 0] == 500, lambda: "no calibration")
    half = cameras.of("front", image(320, 240))
    assert half.matrix == pytest.approx(np.array([[250, 0, 160], [0, 255, 120], [0, 0, 1.0]]))
    assert list(half.distortion) == [0.1, 0.0, 0.0, 0.0]
    assert np.array_equal(cameras.of("rear", image(320, 240)).matrix, assumed), "of the other stream nobody has said"
    cameras.close()


def test_a_calibration_of_zeros_is_none(graph: Any) -> None:
    cameras = Cameras(graph.observer, ("",))
    expected = cameras.of("", image(640, 480)).matrix
    publisher = graph.publisher(CameraInfo, "camera_info")
    seen = graph.listen(CameraInfo, "camera_info", publishers=1)
    graph.ask(publisher, CameraInfo(width=640, height=480), seen)
    assert np.array_equal(cameras.of("", image(640, 480)).matrix, expected)
    cameras.close()
