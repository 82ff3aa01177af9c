"""A robot's topics tell of one moment under one stamp, with tf where tf2_msgs is."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from nav_msgs.msg import Odometry
from rclpy.qos import DurabilityPolicy, QoSProfile

from opendr_perception.ros.robot.publisher import Instant, RobotPublisher

NOW = Instant(5.0, (1.0, 2.0, 0.0), (0.1, 0.0, 0.0), np.zeros((6, 8, 3), np.uint8), np.eye(3))
MOUNT = (0.2, 0.0, 1.1)


def test_tf_has_the_robot_and_its_camera(graph: Any) -> None:
    kind = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed").TFMessage
    robot = RobotPublisher(graph.observer, MOUNT)
    frames: dict[str, Any] = {}

    def take(message: Any) -> None:
        frames.update({each.child_frame_id: each for each in message.transforms})

    lasting = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    for topic, profile in (("/tf_static", lasting), ("/tf", QoSProfile(depth=10))):
        graph.observer.create_subscription(kind, topic, take, profile)

    def told() -> bool:
        robot.publish(NOW)
        return len(frames) == 2

    graph.wait(told, lambda: f"{list(frames)}")
    assert (frames["camera"].header.frame_id, frames["camera"].transform.translation.z) == ("base_link", 1.1)
    assert (frames["base_link"].header.frame_id, frames["base_link"].transform.translation.y) == ("odom", 2.0)
    assert frames["base_link"].header.stamp.sec == 5
    robot.close()


def test_without_tf2_msgs_it_says_so_and_tells_the_rest(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tf2_msgs.msg", None)
    robot = RobotPublisher(graph.observer, MOUNT)
    assert "tf is not published: the package tf2_msgs is missing" in capfd.readouterr().err
    odometry = graph.listen(Odometry, "odom")

    def told() -> bool:
        robot.publish(NOW)
        return bool(odometry.messages)

    graph.wait(told, lambda: "no odometry")
    assert odometry.messages[0].pose.pose.position.y == 2.0
    robot.close()
