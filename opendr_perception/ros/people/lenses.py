"""The calibration of a camera, as far as it is known: without one nobody is located, since a guess is worse."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.topics import Calibration, pinhole
from opendr_perception.tasks.imaging import PinholeCamera


class Lens:
    """Listens to `camera_info` beside the images of one stream.

    Args:
        node: that subscribes.
        stream: name of the stream.
        transport: of the images.
        rectified: whether the images are rectified, although their topic does not say so.
        warn: is told why nobody can be located, and which subject that is about.
    """

    def __init__(
        self, node: Node, stream: str, transport: str, rectified: bool, warn: Callable[[str, str], None]
    ) -> None:
        self._warn, self._stream = warn, stream
        self._camera: PinholeCamera | None = None
        self._problem = ""
        self._calibration = Calibration(node, self._take, stream, transport, rectified)

    def close(self) -> None:
        """Stop to listen."""
        self._calibration.close()

    def problem(self) -> str:
        """The reason that nobody can be located; '' if all is well."""
        return self._problem or self._calibration.problem

    def of(self, width: int, height: int) -> PinholeCamera | None:
        """The camera for images of this size; None where it is not known."""
        camera = self._camera
        if camera is None:
            return None
        try:
            return camera.scaled_to(width, height)
        except ValueError as error:
            self._note(f"camera_info: {error}")
            return None

    def _take(self, info: CameraInfo) -> None:
        try:
            self._camera, self._problem = pinhole(info), ""
        except ValueError as error:
            self._camera = None
            self._note(f"camera_info: {error}")

    def _note(self, problem: str) -> None:
        self._problem = f"{problem}; nobody is located"
        self._warn(self._problem, f"{self._stream} camera_info")
