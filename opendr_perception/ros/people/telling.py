"""Publishers besides that of the array of people: events, and a tf frame for each person."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable
from typing import Any

from geometry_msgs.msg import Quaternion
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from opendr_perception.msg import PersonEvent
from opendr_perception.ros.convert.persons import person_event
from opendr_perception.ros.node import qos
from opendr_perception.ros.robot.messages import quaternion, transform
from opendr_perception.tasks.fusion import SceneReport

PREFIX = "person_"
"""Of the frame of a person, before the id [REP 155]."""


class Telling:
    """Publishes events, and tf where the package tf2_msgs is there, until `close`.

    Args:
        node: whose publishers they are.
        with_tf: whether tf is wanted.
    """

    def __init__(self, node: Node, with_tf: bool) -> None:
        self._node = node
        self._events = node.create_publisher(PersonEvent, "events", qos.result(50))
        self._frames: Any = None
        if with_tf:
            try:
                self._tf_message = importlib.import_module("tf2_msgs.msg").TFMessage
            except ModuleNotFoundError:
                node.get_logger().info("tf of people is not published: the package tf2_msgs is missing")
            else:
                self._frames = node.create_publisher(self._tf_message, "/tf", QoSProfile(depth=100))

    def tell(self, header: Header, scene: SceneReport) -> None:
        """Publish what has begun and ended, and where those are who are seen."""
        for event in scene.events:
            self._events.publish(person_event(header, event))
        if self._frames is not None and (found := list(_transforms(header, scene))):
            self._frames.publish(self._tf_message(transforms=found))

    def close(self) -> None:
        """Take the topics away."""
        self._node.destroy_publisher(self._events)
        if self._frames is not None:
            self._node.destroy_publisher(self._frames)


def _transforms(header: Header, scene: SceneReport) -> Iterable[Any]:
    """Frames of those whose place is known: at the head where it is seen, with its axes where a face shows them."""
    for person in scene.people:
        head = person.head
        x, y, z = (person.place.position if head is None else head.origin).tolist()
        if header.frame_id and all(map(math.isfinite, (x, y, z))):
            turned = Quaternion(w=1.0) if head is None else quaternion(head.axes)
            yield transform(header, f"{PREFIX}{person.id}", (x, y, z), turned)
