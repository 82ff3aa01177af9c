"""Scans become points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sensor_msgs.msg import LaserScan

from opendr_perception.ros.control_topics import obstacles


def test_points_lie_where_the_scanner_saw_them() -> None:
    scan = LaserScan(angle_min=-math.pi / 2, angle_increment=math.pi / 2, range_min=0.1, range_max=5.0)
    scan.ranges = [1.0, 2.0, 3.0]
    assert obstacles(scan) == pytest.approx(np.array([[0, -1], [2, 0], [0, 3]]), abs=1e-6)


def test_what_was_not_seen_is_no_obstacle() -> None:
    scan = LaserScan(angle_min=0.0, angle_increment=0.1, range_min=0.1, range_max=5.0)
    scan.ranges = [math.inf, math.nan, 0.05, 5.5, -1.0]
    assert obstacles(scan).shape == (0, 2)
    assert obstacles(LaserScan()).shape == (0, 2)
