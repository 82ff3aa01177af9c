"""What `camera_info` says about the camera of each stream, where somebody publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros import qos
from opendr_perception.tasks.face_geometry import Camera
from opendr_perception.tasks.image import Image


class Cameras:
    """Listens to `camera_info` beside the images of each stream.

    Args:
        node: that subscribes.
        streams: names of the streams.
    """

    def __init__(self, node: Node, streams: Sequence[str]) -> None:
        self._node = node
        self._newest: dict[str, CameraInfo] = {}
        self._subscriptions: list[Any] = [
            node.create_subscription(
                CameraInfo,
                f"{name}/camera_info" if name else "camera_info",
                partial(self._take, name),
                qos.newest("best_effort"),
            )
            for name in streams
        ]

    def close(self) -> None:
        """Stop to listen."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def of(self, stream: str, image: Image) -> Camera:
        """The camera of a stream, for pictures of this size; an ordinary one where nobody has said (or K is all 0)."""
        info = self._newest.get(stream)
        if info is None or not (info.k[0] > 0 and info.k[4] > 0 and info.width and info.height):
            return Camera.assumed(image.width, image.height)
        scale = np.array([[image.width / info.width], [image.height / info.height], [1.0]])  # it may have been resized
        return Camera(np.reshape(info.k, (3, 3)) * scale, np.asarray(info.d, np.float64))

    def _take(self, stream: str, info: CameraInfo) -> None:
        self._newest[stream] = info
