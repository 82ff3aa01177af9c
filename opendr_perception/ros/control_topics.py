"""What a node that moves a robot subscribes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, LaserScan

from opendr_perception.msg import FaceArray
from opendr_perception.ros import images, qos
from opendr_perception.ros.drive_loop import DriveLoop
from opendr_perception.ros.explorer import TopicExplorer
from opendr_perception.ros.managed import ManagedNode


class ControlTopics:
    """Hands faces, images, the calibration and scans to whom they concern, until `close`.

    Args:
        node: what subscribes; its parameters say how.
        explorer: takes faces, images and the calibration.
        drive: takes obstacles.
    """

    def __init__(self, node: ManagedNode, explorer: TopicExplorer, drive: DriveLoop) -> None:
        self._node, self._explorer, self._drive = node, explorer, drive
        newest = qos.newest(node.params.qos_reliability)
        transport = node.params.image_transport
        image_type, _, image_topic = images.TRANSPORTS[transport]

        def take_image(data: bytes) -> None:
            try:
                header, image = images.decode(data, transport)
            except images.BadImage as error:
                node.warn(f"{image_topic}: {error}", image_topic)
                return
            explorer.take_image(header, image)

        self._subscriptions = [
            self._subscribe(image_type, image_topic, take_image, newest, raw=True),
            self._subscribe(CameraInfo, "camera_info", explorer.take_camera, newest),
            self._subscribe(FaceArray, "faces", explorer.take_faces, newest),
            self._subscribe(LaserScan, "scan", self._take_scan, newest),
        ]

    def close(self) -> None:
        """Subscribe nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _subscribe(
        self, kind: type, topic: str, take: Callable[[Any], None], profile: QoSProfile, raw: bool = False
    ) -> Any:
        def receive(message: Any) -> None:
            try:
                take(message)
            except ValueError as error:  # such as a negative stamp: no message then, and the robot stands in the end
                self._node.warn(f"{topic}: {error}", topic)

        return self._node.create_subscription(kind, topic, receive, profile, raw=raw)

    def _take_scan(self, message: LaserScan) -> None:
        points = obstacles(message)
        with self._drive.lock:
            self._drive.pilot.scan(time.monotonic(), points)


def obstacles(scan: LaserScan) -> np.ndarray:
    """Points (n, 2) of a scan, m; the scanner is taken to be in the robot's centre, looking ahead."""
    ranges = np.asarray(scan.ranges, np.float64)
    angles = scan.angle_min + scan.angle_increment * np.arange(len(ranges))
    valid = np.isfinite(ranges) & (ranges >= scan.range_min) & (ranges <= scan.range_max)
    return np.stack([ranges[valid] * np.cos(angles[valid]), ranges[valid] * np.sin(angles[valid])], axis=1)
