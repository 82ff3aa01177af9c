"""Subscriptions of a node that moves a robot to see people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.subscription import Subscription

from opendr_perception.msg import DetectionArray, FaceArray, PersonArray
from opendr_perception.ros.control.explorer import TopicExplorer
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import Calibration, Listener
from opendr_perception.tasks.imaging import PixelRanges

Message = TypeVar("Message")


def guarded(node: ManagedNode, topic: str, take: Callable[[Message], None]) -> Callable[[Message], None]:
    """Take messages, and warn of those that make no sense: none came then, and the robot stands in the end."""

    def receive(message: Message) -> None:
        try:
            take(message)
        except ValueError as error:  # such as a negative stamp
            node.warn(f"{topic}: {error}", topic)

    return receive


class ControlTopics:
    """Hands faces, images and the calibration to the explorer, until `close`.

    Args:
        node: what subscribes; its parameters say how.
        explorer: takes them.
    """

    def __init__(self, node: ManagedNode, explorer: TopicExplorer) -> None:
        self._node, self._explorer = node, explorer
        newest = qos.newest(node.params.qos_reliability)
        transport = node.params.image_transport
        image_type, _, image_topic = images.TRANSPORTS[transport]
        ranges = PixelRanges()

        def take_image(data: bytes) -> None:
            try:
                header, image = images.decode(data, transport, ranges)
            except images.BadImage as error:
                node.warn(f"{image_topic}: {error}", image_topic)
                return
            explorer.take_image(header, image)

        self._listeners = {
            "image_raw": Listener(node, image_type, image_topic, take_image, newest, raw=True),
            "faces": Listener(node, FaceArray, "faces", guarded(node, "faces", explorer.take_faces), newest),
        }
        self._subscriptions: list[Subscription] = [
            node.create_subscription(
                DetectionArray, "persons", guarded(node, "persons", explorer.take_persons), newest
            ),
            node.create_subscription(PersonArray, "people", guarded(node, "people", explorer.take_people), newest),
        ]
        rectified = node.params.rectified
        self._calibration = Calibration(node, explorer.take_camera, transport=transport, rectified=rectified)

    def close(self) -> None:
        """Subscribe nothing any more."""
        for listener in self._listeners.values():
            listener.close()
        self._calibration.close()
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def diagnose(self) -> DiagnosticStatus:
        """Diagnose the inputs that the robot needs to look at people."""
        needed = [listener for topic, listener in self._listeners.items() if topic in self._explorer.needed]
        heard = [*(listener.problem() for listener in needed), self._calibration.problem]
        problem = "; ".join(filter(None, heard))
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        return self._node.status("inputs", level, problem or "what is needed comes", {})
