"""Model of the robot's camera: its calibration by `camera_info`, and its mount by a parameter or tf."""

from __future__ import annotations

from collections.abc import Callable

from sensor_msgs.msg import CameraInfo

from opendr_perception.active.surroundings import Locator, Pose3, check_mount, looking_ahead
from opendr_perception.ros.topics import pinhole
from opendr_perception.tasks.imaging import PinholeCamera

NO_CALIBRATION = "no camera_info has come, so that distances are unknown"


class CameraView:
    """Knows the newest calibration and the mount; what is wrong with them makes the robot blind, not wrong.

    Args:
        face_size: side of the detector's box around a real face, m.
        robot_radius: of a circle around the robot's centre that contains the camera too, m.
        mount: of the camera; None where its frame tells.
        base: name of the robot's frame.
        pose_of: the pose of a frame in the robot's, None when it is not known.
    """

    def __init__(
        self,
        face_size: float,
        robot_radius: float,
        mount: Pose3 | None = None,
        base: str = "base_link",
        pose_of: Callable[[str], Pose3 | None] = lambda frame: None,
    ) -> None:
        self._face_size, self._radius, self._mount = face_size, robot_radius, mount
        self._base, self._pose_of = base, pose_of
        self._camera: PinholeCamera | None = None
        self.problem = NO_CALIBRATION
        """What is wrong with the calibration; '' for nothing."""

    def take(self, info: CameraInfo) -> None:
        """Take note of a calibration; one that cannot be used also ends the use of that before it.

        Raises:
            ValueError: it cannot be used.
        """
        try:
            self._camera, self.problem = pinhole(info), ""
        except ValueError as error:
            self._camera, self.problem = None, f"camera_info: {error}"
            raise ValueError(self.problem) from error

    def locator(self, frame: str, width: int, height: int) -> Locator:
        """Locator of people by their boxes in images of a frame and a size.

        Raises:
            ValueError: nothing can; the text says why.
        """
        if self._camera is None:
            raise ValueError(self.problem)
        camera = self._camera.scaled_to(width, height)
        mount = self._mount or self._pose(frame)
        check_mount(mount, self._radius)
        return Locator(camera, mount, self._face_size)

    def _pose(self, frame: str) -> Pose3:
        if frame in ("", self._base):
            return looking_ahead()
        pose = self._pose_of(frame)
        if pose is None:
            raise ValueError(
                f"tf does not tell where the camera's frame '{frame[:60]}' is in '{self._base}': publish that, or set "
                "the parameter camera_pose"
            )
        return pose
