"""What a node that moves a robot to see people subscribes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo

from opendr_perception.msg import DetectionArray, FaceArray
from opendr_perception.ros import images, qos
from opendr_perception.ros.explorer import TopicExplorer
from opendr_perception.ros.managed import ManagedNode


class ControlTopics:
    """Hands faces, images and the calibration to the explorer, until `close`.

    Args:
        node: what subscribes; its parameters say how.
        explorer: takes them.
    """

    def __init__(self, node: ManagedNode, explorer: TopicExplorer) -> None:
        self._node = node
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
            self._subscribe(DetectionArray, "persons", explorer.take_persons, newest),
        ]

    def close(self) -> None:
        """Subscribe nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _subscribe(
        self, kind: type, topic: str, take: Callable[[Any], None], profile: QoSProfile, raw: bool = False
    ) -> Any:
        return self._node.create_subscription(kind, topic, take, profile, raw=raw)
