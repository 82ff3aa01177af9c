"""Publishes what a robot with a camera does: clock, images with their calibration, odometry and tf."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from opendr_perception.ros.convert import images
from opendr_perception.ros.node import qos
from opendr_perception.ros.robot.head_topics import HeadTopics, head_frames
from opendr_perception.ros.robot.messages import BASE, ODOMETRY, camera_info, camera_mount, heading, odometry, transform

FRAME = "camera"


@dataclass(frozen=True)
class Instant:
    """A robot at one moment."""

    seconds: float
    """Simulated time."""
    place: tuple[float, float, float]
    """x, y (m), yaw (rad) in the frame ODOMETRY."""
    velocity: tuple[float, float, float]
    """Forward, to the left (m/s), turn (rad/s), in the robot's own frame."""
    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    matrix: np.ndarray
    """Of the camera, (3, 3)."""
    head: tuple[float, float] = (0.0, 0.0)
    """Pan to the left and tilt downwards, rad."""
    height: float = 0.0
    """Of a robot that flies, above where it stood, m."""
    rising: float = 0.0
    """Its speed upwards, m/s."""


class RobotPublisher:
    """The topics of one robot.

    tf is left out where the package tf2_msgs is missing, which a ROS installation has, but not the wheels.

    Args:
        node: Whose publishers they are.
        mount: Where the camera, which looks ahead, is on the robot: x, y, z (m) in the frame BASE.
        head: topics of the head on which the camera is; None where it is fixed.
    """

    def __init__(self, node: Node, mount: tuple[float, float, float], head: HeadTopics | None = None) -> None:
        self._node, self._mount, self._head = node, mount, head
        self._images = node.create_publisher(Image, "image_raw", qos.newest("reliable"))
        self._camera_info = node.create_publisher(CameraInfo, "camera_info", qos.newest("reliable"))
        self._odometry = node.create_publisher(Odometry, "odom", 10)
        self._clock = node.create_publisher(Clock, "/clock", 10)
        self._publishers = [self._images, self._camera_info, self._odometry, self._clock]
        self._transforms: Publisher | None = None
        try:
            self._tf_message = importlib.import_module("tf2_msgs.msg").TFMessage
        except ModuleNotFoundError:
            node.get_logger().info("tf is not published: the package tf2_msgs is missing")
            return
        self._transforms = node.create_publisher(self._tf_message, "/tf", 10)
        if head is not None:
            self._publishers.append(self._transforms)
            return
        lasting = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        fixed = node.create_publisher(self._tf_message, "/tf_static", lasting)
        fixed.publish(self._tf_message(transforms=[camera_mount(_header(0.0, BASE), FRAME, mount)]))
        self._publishers += [self._transforms, fixed]

    def publish(self, now: Instant) -> None:
        """Tell of a moment, all under one stamp."""
        seen, there = _header(now.seconds, FRAME), _header(now.seconds, ODOMETRY)
        height, width = now.image.shape[:2]
        self._clock.publish(Clock(clock=seen.stamp))
        self._odometry.publish(odometry(there, now.place, now.velocity, now.height, now.rising))
        if self._transforms is not None:
            x, y, yaw = now.place
            moved = transform(there, BASE, (x, y, now.height), heading(yaw))
            head = [] if self._head is None else head_frames(there, FRAME, self._mount, *now.head)
            self._transforms.publish(self._tf_message(transforms=[moved, *head]))
        if self._head is not None:
            self._head.publish(seen, *now.head)
        self._camera_info.publish(camera_info(seen, width, height, now.matrix))
        self._images.publish(images.to_message(now.image, seen, "rgb8"))

    def close(self) -> None:
        """Take the topics away."""
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)


def _header(seconds: float, frame: str) -> Header:
    return Header(stamp=Time(nanoseconds=round(seconds * 1e9)).to_msg(), frame_id=frame)
