"""The explanation of a topic on which nothing is heard."""

from __future__ import annotations

from typing import Any

import pytest
from opendr_perception.msg import BodyPoseArray
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.node import ManagedNode
from opendr_perception.ros.topics import listener
from opendr_perception.ros.topics.listener import Listener


class Ear(ManagedNode):
    NAME = "ear"


@pytest.mark.parametrize(
    ("kind", "cause"),
    [(BodyPoseArray, "waits for its own input"), (ImageMessage, "config/fastdds.xml")],
    ids=["a node's answers", "a camera"],
)
def test_a_silent_publisher_is_told_by_what_it_is(
    graph: Any, monkeypatch: pytest.MonkeyPatch, kind: type, cause: str
) -> None:
    monkeypatch.setattr(listener, "SILENCE", 0.0)
    node = graph.run(Ear, autostart=False)
    ear = Listener(node, kind, "topic", lambda message: None, QoSProfile(depth=1))
    graph.publisher(kind, "topic")
    graph.wait(lambda: cause in ear.problem(), ear.problem)
    assert ear.problem().startswith(f"1 publisher(s) of {graph.namespace}/topic, but nothing arrived for")
