"""Frames are found through what tf says, and only while it says so."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import Quaternion, TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header

from opendr_perception.ros.robot.messages import heading, transform
from opendr_perception.ros.robot.transforms import MOST, FramePoses, FrameTree

ORIGIN = np.zeros((1, 3))


def link(parent: str, child: str, x: float = 0.0, yaw: float = 0.0) -> TransformStamped:
    return transform(Header(frame_id=parent), child, (x, 0.0, 0.0), heading(yaw))


def test_a_chain_is_followed_from_a_common_ancestor() -> None:
    tree = FrameTree()
    tree.take([link("base_footprint", "base_link", 0.1), link("base_footprint", "mast", 0.5)], math.inf)
    tree.take([link("mast", "laser", 0.2, math.pi)], math.inf)
    pose = tree.pose("laser", "base_link", 0.0)
    assert pose is not None
    assert pose.apply(ORIGIN)[0] == pytest.approx([0.6, 0.0, 0.0])
    assert pose.apply(np.array([[1.0, 0.0, 0.0]]))[0] == pytest.approx([-0.4, 0.0, 0.0])


def test_the_base_knows_itself_and_nobody_else() -> None:
    tree = FrameTree()
    assert tree.pose("/base_link", "base_link", 0.0) is not None
    assert tree.pose("laser", "base_link", 0.0) is None


def test_a_moving_frame_that_is_not_told_any_more_is_unknown() -> None:
    tree = FrameTree()
    tree.take([link("base_link", "head")], until=5.0)
    assert tree.pose("head", "base_link", 5.0) is not None
    assert tree.pose("head", "base_link", 5.1) is None


def test_circles_and_nonsense_end_nothing() -> None:
    tree = FrameTree()
    nothing = link("base_link", "laser")
    nothing.transform.rotation = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)
    tree.take([link("a", "b"), link("b", "a"), link("a", "a"), nothing], math.inf)
    assert tree.pose("a", "base_link", 0.0) is None
    assert tree.pose("laser", "base_link", 0.0) is None


def test_made_up_names_do_not_fill_the_memory() -> None:
    tree = FrameTree()
    tree.take([link("base_link", f"frame {k}") for k in range(MOST + 5)], math.inf)
    assert tree.pose(f"frame {MOST - 1}", "base_link", 0.0) is not None
    assert tree.pose(f"frame {MOST + 1}", "base_link", 0.0) is None


def test_they_come_from_the_topics_of_tf(graph: Any) -> None:
    message = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed").TFMessage
    lasting = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = graph.observer.create_publisher(message, "/tf_static", lasting)
    publisher.publish(message(transforms=[link("base_link", "laser", 0.3)]))
    poses = FramePoses(graph.observer, "base_link")
    graph.wait(lambda: poses.pose("laser") is not None, lambda: "laser is not found")
    assert poses.problem("eye") == "tf does not tell where 'eye' is in 'base_link'"
    moving = graph.observer.create_publisher(message, "/tf", 10)

    def found() -> bool:
        moving.publish(message(transforms=[link("base_link", "eye")]))
        return poses.pose("eye") is not None

    graph.wait(found, lambda: "eye is not found")
    graph.wait(lambda: poses.pose("eye") is None, lambda: "eye is known for ever")
    assert poses.problem("eye") == "tf has told where 'eye' is in 'base_link', but not for the last 1 s"
    poses.close()


def test_without_tf_only_the_base_is_known(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tf2_msgs.msg", None)
    poses = FramePoses(graph.observer, "base_link")
    assert "tf is not read: the package tf2_msgs is missing" in capfd.readouterr().err
    assert poses.pose("base_link") is not None
    assert poses.pose("nowhere") is None
    assert poses.pose("") is None
    assert poses.problem("nowhere") == "tf is not read, because the package tf2_msgs is missing"
    poses.close()
