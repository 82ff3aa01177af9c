"""What `camera_info` says about the camera of each stream, where somebody publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros import qos
from opendr_perception.tasks.camera import PinholeCamera
from opendr_perception.tasks.image import Image


def pinhole(info: CameraInfo) -> PinholeCamera:
    """The camera that a message describes, for the images that it publishes: a part of the sensor, or binned.

    Raises:
        ValueError: it is not calibrated, or its lens is of another kind.
    """
    camera = PinholeCamera.from_info(info.k, info.d, info.width, info.height, info.distortion_model)
    roi = info.roi
    if roi.width and roi.height:
        camera = camera.cut_to(roi.x_offset, roi.y_offset, roi.width, roi.height)
    across, down = max(info.binning_x, 1), max(info.binning_y, 1)
    return camera.scaled_to(camera.width // across, camera.height // down) if max(across, down) > 1 else camera


class Cameras:
    """Listens to `camera_info` beside the images of each stream.

    Args:
        node: that subscribes.
        streams: names of the streams.
    """

    def __init__(self, node: Node, streams: Sequence[str]) -> None:
        self._node = node
        self._newest: dict[str, PinholeCamera] = {}
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

    def of(self, stream: str, image: Image) -> PinholeCamera:
        """The camera of a stream, for images of this size; an ordinary one where nobody has said, or not of these."""
        camera = self._newest.get(stream)
        try:
            if camera is not None:
                return camera.scaled_to(image.width, image.height)
        except ValueError as error:
            self._node.get_logger().warning(f"camera_info: {error}; an ordinary camera is assumed", once=True)
        return PinholeCamera.assumed(image.width, image.height)

    def _take(self, stream: str, info: CameraInfo) -> None:
        self._newest.pop(stream, None)
        try:
            self._newest[stream] = pinhole(info)
        except ValueError as error:
            if any(info.k):  # all 0 is an honest way to say nothing
                self._node.get_logger().warning(f"camera_info: {error}; an ordinary camera is assumed", once=True)
