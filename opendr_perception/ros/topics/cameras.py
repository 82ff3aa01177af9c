"""Camera of each stream by its `camera_info`, where somebody publishes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.topics.calibration import Calibration
from opendr_perception.tasks.imaging import Image, PinholeCamera


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
        self._newest: dict[str, PinholeCamera] = {}
        self._calibrations = {
            name: Calibration(node, partial(self._take, name), name, transport, rectified) for name in streams
        }
        self._missing = set(streams)

    def close(self) -> None:
        """Stop to listen."""
        for calibration in self._calibrations.values():
            calibration.close()

    def of(self, stream: str, image: Image) -> PinholeCamera:
        """The camera of a stream, for images of this size; an ordinary one where nobody has said, or not of these."""
        if stream in self._missing and (problem := self._calibrations[stream].problem):
            self._missing.remove(stream)  # said once
            self._assume(stream, f"{problem}: an ordinary camera is assumed, and head poses are rough")
        camera = self._newest.get(stream)
        try:
            if camera is not None:
                return camera.scaled_to(image.width, image.height)
        except ValueError as error:
            self._assume(stream, f"camera_info: {error}; an ordinary camera is assumed")
        return PinholeCamera.assumed(image.width, image.height)

    def _assume(self, stream: str, reason: str) -> None:
        self._warn(reason, f"{stream} camera_info")

    def _take(self, stream: str, info: CameraInfo) -> None:
        self._newest.pop(stream, None)
        try:
            self._newest[stream] = pinhole(info)
        except ValueError as error:
            if any(info.k):  # all 0 is an honest way to say nothing
                self._assume(stream, f"camera_info: {error}; an ordinary camera is assumed")
