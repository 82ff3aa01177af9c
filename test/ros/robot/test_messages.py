"""Messages of a robot about itself, by the conventions of REP 103 and 105."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import Header

from opendr_perception.ros.robot.messages import OPTICAL, camera_info, camera_mount, heading, odometry


def rotated(turn: Any, vector: tuple[float, float, float]) -> np.ndarray:
    """A vector turned by a quaternion."""
    axis = np.array([turn.x, turn.y, turn.z])
    v = np.array(vector)
    return v + 2 * np.cross(axis, np.cross(axis, v) + turn.w * v)


def test_a_heading_is_counter_clockwise_about_the_vertical() -> None:
    assert rotated(heading(math.pi / 2), (1, 0, 0)) == pytest.approx([0, 1, 0], abs=1e-12)


def test_an_optical_frame_looks_along_x_with_y_down() -> None:
    assert rotated(OPTICAL, (0, 0, 1)) == pytest.approx([1, 0, 0])
    assert rotated(OPTICAL, (1, 0, 0)) == pytest.approx([0, -1, 0])
    assert rotated(OPTICAL, (0, 1, 0)) == pytest.approx([0, 0, -1])


def test_odometry_says_place_in_its_frame_and_velocity_in_the_robots() -> None:
    message = odometry(Header(frame_id="odom"), (1.0, 2.0, 0.5), (0.1, 0.2, 0.3))
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "base_link")
    assert (message.pose.pose.position.x, message.pose.pose.position.y) == (1.0, 2.0)
    assert 2 * math.asin(message.pose.pose.orientation.z) == pytest.approx(0.5)
    twist = message.twist.twist
    assert (twist.linear.x, twist.linear.y, twist.angular.z) == (0.1, 0.2, 0.3)


def test_a_calibration_has_the_matrix_in_k_and_p() -> None:
    matrix = np.array([[500.0, 0, 319.5], [0, 500, 239.5], [0, 0, 1]])
    message = camera_info(Header(), 640, 480, matrix)
    assert np.array_equal(np.reshape(message.k, (3, 3)), matrix)
    assert np.array_equal(np.reshape(message.p, (3, 4))[:, :3], matrix)
    assert (message.width, message.height, list(message.d)) == (640, 480, [0.0] * 5)


def test_a_camera_is_mounted_on_the_base() -> None:
    mount = camera_mount(Header(frame_id="base_link"), "camera", (0.1, 0.0, 1.5))
    assert (mount.header.frame_id, mount.child_frame_id) == ("base_link", "camera")
    assert (mount.transform.translation.x, mount.transform.translation.z) == (0.1, 1.5)
