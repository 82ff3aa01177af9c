"""What a node that moves a robot subscribes."""

from __future__ import annotations

import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import LaserScan

from opendr_perception.msg import FaceArray
from opendr_perception.ros import images, qos
from opendr_perception.ros.calibration import Calibration
from opendr_perception.ros.drive_loop import DriveLoop
from opendr_perception.ros.explorer import TopicExplorer
from opendr_perception.ros.listener import Listener
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

        self._listeners = [
            Listener(node, image_type, image_topic, take_image, newest, raw=True),
            Listener(node, FaceArray, "faces", explorer.take_faces, newest),
        ]
        rectified = node.params.rectified
        self._calibration = Calibration(node, explorer.take_camera, transport=transport, rectified=rectified)
        self._scans = node.create_subscription(LaserScan, "scan", self._take_scan, newest)

    def close(self) -> None:
        """Subscribe nothing any more."""
        for listener in self._listeners:
            listener.close()
        self._calibration.close()
        self._node.destroy_subscription(self._scans)

    def diagnose(self) -> DiagnosticStatus:
        """Whether all comes that the robot needs to look at people."""
        heard = [*(listener.problem() for listener in self._listeners), self._calibration.problem]
        problem = "; ".join(filter(None, heard))
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        return self._node.status("inputs", level, problem or "images, faces and the calibration come", {})

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
