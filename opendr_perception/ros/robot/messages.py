"""Messages of a robot that moves in the plane: odometry, transforms, and the calibration of its camera."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import Point, Pose, Quaternion, Transform, TransformStamped, Twist, Vector3
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

ODOMETRY, BASE = "odom", "base_link"
"""Frames: where the robot started, and the robot (x forward, y to the left, z up)."""
OPTICAL = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)
"""From the robot's axes to those of a camera that looks ahead: x to the right, y down, z forward."""


def odometry(
    header: Header,
    place: tuple[float, float, float],
    velocity: tuple[float, float, float],
    height: float = 0.0,
    rising: float = 0.0,
) -> Odometry:
    """An Odometry message of the base.

    Args:
        header: In the frame ODOMETRY.
        place: x, y (m), yaw (rad).
        velocity: Forward, to the left (m/s), turn (rad/s), in the robot's own frame.
        height: Of a robot that flies, m.
        rising: Its speed upwards, m/s.
    """
    message = Odometry(header=header, child_frame_id=BASE)
    message.pose.pose = Pose(position=Point(x=place[0], y=place[1], z=height), orientation=heading(place[2]))
    forward, left, turn = velocity
    message.twist.twist = Twist(linear=Vector3(x=forward, y=left, z=rising), angular=Vector3(z=turn))
    return message


def camera_info(header: Header, width: int, height: int, matrix: np.ndarray) -> CameraInfo:
    """The calibration of a camera without distortion, from its matrix (3, 3)."""
    message = CameraInfo(header=header, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k = matrix.ravel().tolist()
    message.r = np.eye(3).ravel().tolist()
    message.p = np.hstack([matrix, np.zeros((3, 1))]).ravel().tolist()
    return message


def transform(header: Header, child: str, place: tuple[float, float, float], turned: Quaternion) -> TransformStamped:
    """Transform of a frame: its place x, y, z (m) and rotation in the frame of the header."""
    x, y, z = place
    where = Transform(translation=Vector3(x=x, y=y, z=z), rotation=turned)
    return TransformStamped(header=header, child_frame_id=child, transform=where)


def camera_mount(header: Header, frame: str, place: tuple[float, float, float]) -> TransformStamped:
    """Mount of a camera that looks ahead on the robot, x, y, z (m), in the frame BASE."""
    return transform(header, frame, place, OPTICAL)


def heading(yaw: float) -> Quaternion:
    """A turn about the vertical axis (rad)."""
    return Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))


def quaternion(rotation: npt.NDArray[np.float64]) -> Quaternion:
    """The quaternion of a rotation (3, 3)."""
    turn = cv2.Rodrigues(np.asarray(rotation, np.float64))[0].ravel()
    angle = float(np.linalg.norm(turn))
    x, y, z = (turn / angle * math.sin(angle / 2) if angle else turn).tolist()
    return Quaternion(x=x, y=y, z=z, w=math.cos(angle / 2))
