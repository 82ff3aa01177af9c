"""The frames of a stream as stages take them, and what was left out of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo

from opendr_perception.process.inventory import Unit
from opendr_perception.process.request import ProcessError
from opendr_perception.process.stage import View
from opendr_perception.ros.topics import names, of_rectified_images, pinhole
from opendr_perception.tasks.imaging import PinholeCamera
from opendr_perception.tasks.recordings import VideoError, open_source, video

BEGIN = 10**9
"""Stamp of the first frame of a film, nanoseconds: films have no date, and the stamp 0 says that there is none."""

NAMED = 100
"""At most so many gaps are named; frames that are missing are all counted."""


class Frames:
    """Gives the frames of a unit and their numbers, and notes what could not be read.

    Args:
        unit: the stream.
        hertz: at most so many frames a second of recorded time; 0 for all.

    Attributes:
        taken: frames that were given.
        length: frames that there are; 0: not known.
        problems: what could not be read, in words.
    """

    def __init__(self, unit: Unit, hertz: float = 0.0) -> None:
        self._unit = unit
        self._period = round(1e9 / hertz) if hertz else 0
        try:
            self._source = open_source(unit.recording, topic=unit.topic, past_damage=True)
        except VideoError as error:
            raise ProcessError(str(error)) from error
        self._dated = isinstance(self._source, video.BagSource)
        self._calibration = b""
        self._camera: PinholeCamera | None = None
        self.taken = 0
        self.length = self._source.length or 0
        self.problems: list[str] = []

    def __enter__(self) -> Frames:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._source.close()

    def __iter__(self) -> Iterator[tuple[int, View]]:
        due, skipped, number = 0, 0, -1
        try:
            for number, frame in enumerate(self._source):
                skipped = self._note_skipped(number, skipped)
                stamp = (frame.stamp or 0) + (0 if self._dated else BEGIN)
                if self._period:
                    if stamp < due:
                        continue
                    due = stamp + self._period
                self.taken += 1
                yield number, View(stamp, frame.frame_id or "camera", frame.image, self._camera_of(frame))
            self._note_skipped(number + 1, skipped)
        except VideoError as error:
            self._note(f"it ends at frame {number + 1}: {error}")

    def _note_skipped(self, number: int, skipped: int) -> int:
        """Name what was left out before a frame."""
        missing = self._source.skipped - skipped
        if missing:
            self._note(f"before frame {number}: {missing} could not be read: {self._source.problem}")
        return self._source.skipped

    def _note(self, problem: str) -> None:
        if len(self.problems) < NAMED:
            self.problems.append(problem)
        elif len(self.problems) == NAMED:
            self.problems.append("and more, which are not named")

    def _camera_of(self, frame: video.RecordedFrame) -> PinholeCamera | None:
        """The camera that was recorded, for images of this size; None where there is none that can be used."""
        if frame.calibration != self._calibration:
            self._calibration, self._camera = frame.calibration, None
            if frame.calibration:
                info = deserialize_message(frame.calibration, CameraInfo)
                try:
                    self._camera = pinhole(of_rectified_images(info) if names.is_rectified(self._unit.topic) else info)
                except ValueError as error:
                    self._note(f"camera_info: {error}; an ordinary camera is assumed")
        try:
            return self._camera and self._camera.scaled_to(frame.image.width, frame.image.height)
        except ValueError:
            return None
