"""What `camera_info` says about the camera of each stream, where somebody publishes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.calibration import Calibration
from opendr_perception.tasks.face_geometry import Camera
from opendr_perception.tasks.image import Image


class Cameras:
    """Listens to `camera_info` beside the images of each stream.

    Args:
        node: that subscribes.
        streams: names of the streams.
        transport: of the images.
        rectified: whether the images are rectified, although their topic does not say so.
        warn: is told once for each stream that no calibration comes, and which subject that is about.
    """

    def __init__(
        self,
        node: Node,
        streams: Sequence[str],
        transport: str = "raw",
        rectified: bool = False,
        warn: Callable[[str, str], None] = lambda text, about: None,
    ) -> None:
        self._warn = warn
        self._newest: dict[str, CameraInfo] = {}
        self._calibrations = {
            name: Calibration(node, partial(self._take, name), name, transport, rectified) for name in streams
        }
        self._missing = set(streams)

    def close(self) -> None:
        """Stop to listen."""
        for calibration in self._calibrations.values():
            calibration.close()

    def of(self, stream: str, image: Image) -> Camera:
        """The camera of a stream, for pictures of this size; an ordinary one where nobody has said (or K is all 0)."""
        if stream in self._missing and (problem := self._calibrations[stream].problem):
            self._missing.remove(stream)  # said once
            self._warn(f"{problem}: an ordinary camera is assumed, and head poses are rough", f"{stream} camera_info")
        info = self._newest.get(stream)
        if info is None or not (info.k[0] > 0 and info.k[4] > 0 and info.width and info.height):
            return Camera.assumed(image.width, image.height)
        scale = np.array([[image.width / info.width], [image.height / info.height], [1.0]])  # it may have been resized
        return Camera(np.reshape(info.k, (3, 3)) * scale, np.asarray(info.d, np.float64))

    def _take(self, stream: str, info: CameraInfo) -> None:
        self._newest[stream] = info
