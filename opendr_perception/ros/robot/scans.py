"""Laser scans become obstacles in the robot's frame, or a reason to stand still."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rclpy.time import Time
from sensor_msgs.msg import LaserScan

from opendr_perception.active.surroundings import Blind, Pose3, StampWatch, scan_points, too_old

Mount = Callable[[str], Pose3 | None]
"""Says where a frame is on the robot; None when nobody knows."""


class Repeated(ValueError):
    """A scan that came before."""


class ScanReader:
    """Reads the scans of one topic.

    Args:
        mount: where the scanner is.
        max_invalid: see `scan_points`.
    """

    def __init__(self, mount: Mount, max_invalid: float) -> None:
        self._mount, self._max_invalid, self._stamps = mount, max_invalid, StampWatch()

    def obstacles(self, scan: LaserScan, now: float) -> np.ndarray:
        """Points of obstacles (n, 2) in the robot's frame, m.

        Args:
            scan: the message.
            now: s, of the node's clock.

        Raises:
            Repeated: the scan's stamp does not advance.
            Blind: it says nothing about the way, or nobody knows where the scanner is.
        """
        points = scan_points(
            np.asarray(scan.ranges, np.float64),
            scan.angle_min,
            scan.angle_increment,
            scan.range_min,
            scan.range_max,
            self._max_invalid,
        )
        stamp = _seconds(scan)
        if not self._stamps.news(stamp):
            raise Repeated("its stamp does not advance")
        if too_old(age := now - stamp):
            raise Blind(f"its stamp is {age:.2f} s old; is the scanner slow, or are clocks not synchronised?")
        frame = scan.header.frame_id
        pose = self._mount(frame)
        if pose is None:
            raise Blind(
                f"where its frame '{frame}' is, tf does not say; publish it there, or set scan_pose to x, y, yaw"
            )
        return pose.apply(np.column_stack([points, np.zeros(len(points))]))[:, :2]


def _seconds(scan: LaserScan) -> float:
    try:
        return float(Time.from_msg(scan.header.stamp).nanoseconds * 1e-9)
    except (ValueError, OverflowError) as error:
        raise Blind("its stamp is negative") from error
