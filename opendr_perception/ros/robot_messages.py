"""What a robot that moves in the plane says of itself: odometry, transforms, and the calibration of its camera."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, Quaternion, Transform, TransformStamped, Twist, Vector3
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

ODOMETRY, BASE = "odom", "base_link"
"""Frames: where the robot started, and the robot (x forward, y to the left, z up)."""
OPTICAL = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)
"""From the robot's axes to those of a camera that looks ahead: x to the right, y down, z forward."""


def odometry(header: Header, place: tuple[float, float, float], velocity: tuple[float, float, float]) -> Odometry:
    """An Odometry message of the base.

    Args:
        header: In the frame ODOMETRY.
        place: x, y (m), yaw (rad).
        velocity: Forward, to the left (m/s), turn (rad/s), in the robot's own frame.
    """
    message = Odometry(header=header, child_frame_id=BASE)
    message.pose.pose = Pose(position=Point(x=place[0], y=place[1]), orientation=_heading(place[2]))
    forward, left, turn = velocity
    message.twist.twist = Twist(linear=Vector3(x=forward, y=left), angular=Vector3(z=turn))
    return message


def camera_info(header: Header, width: int, height: int, matrix: np.ndarray) -> CameraInfo:
    """The calibration of a camera without distortion, from its matrix (3, 3)."""
    message = CameraInfo(header=header, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k = matrix.ravel().tolist()
    message.r = np.eye(3).ravel().tolist()
    message.p = np.hstack([matrix, np.zeros((3, 1))]).ravel().tolist()
    return message


class TransformPublisher:
    """Publishes tf: where the robot is, and where the camera is on it.

    Does nothing where the package tf2_msgs is missing, which a ROS installation has, but not the wheels.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publishers: list[Any] = []
        try:
            self._message = importlib.import_module("tf2_msgs.msg").TFMessage
        except ModuleNotFoundError:
            node.get_logger().info("tf is not published: the package tf2_msgs is missing")
            return
        lasting = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._publishers = [
            node.create_publisher(self._message, "/tf", 10),
            node.create_publisher(self._message, "/tf_static", lasting),
        ]

    def publish(self, header: Header, place: tuple[float, float, float]) -> None:
        """The base in the frame ODOMETRY: x, y (m), yaw (rad)."""
        self._send(0, header, BASE, Vector3(x=place[0], y=place[1]), _heading(place[2]))

    def publish_camera(self, header: Header, frame: str, place: tuple[float, float, float]) -> None:
        """The camera, which looks ahead, in the frame BASE: x, y, z (m)."""
        x, y, z = place
        self._send(1, header, frame, Vector3(x=x, y=y, z=z), OPTICAL)

    def close(self) -> None:
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)

    def _send(self, number: int, header: Header, child: str, translation: Vector3, rotation: Quaternion) -> None:
        if self._publishers:
            transform = Transform(translation=translation, rotation=rotation)
            stamped = TransformStamped(header=header, child_frame_id=child, transform=transform)
            self._publishers[number].publish(self._message(transforms=[stamped]))


def _heading(yaw: float) -> Quaternion:
    return Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))
