"""Images of rosbag2 recordings, with the calibration that was recorded beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from opendr_perception.tasks.imaging import COMPRESSED, RAW, BadImage, PixelRanges, deserialize, is_readable, printable
from opendr_perception.tasks.recordings.source import FrameSource, RecordedFrame, VideoError

CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
FIRST_STEP = 100_000_000
"""Nanoseconds after damage from which on it is tried to read on; each failure doubles them."""
TRIED = 10
"""First messages of a topic of which one must be an image; a camera may begin with broken ones."""


class BagSource(FrameSource):
    """One image topic of a rosbag2 recording. Stamps and frame ids are those of the messages' headers.

    A message without a stamp gets the time at which it was recorded.

    Args:
        path: Directory of the recording, or its .db3 or .mcap file.
        loop: Begin again at the end.
        topic: Which one, with or without the first slash; '': the first one that can be decoded.
        past_damage: Go on behind parts that cannot be read, and count them as skipped, instead of ending there.

    Attributes:
        topic: The one that is played.
        topics: Those that can be decoded, in the order of the bag.
    """

    def __init__(self, path: Path, loop: bool, topic: str, past_damage: bool = False) -> None:
        super().__init__(printable(path), loop)
        self._past_damage = past_damage
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:  # a damaged bag makes its parsers fail in many ways
            raise VideoError(f"{self.path}: cannot open this bag: {error}") from error
        try:
            self._choose(topic)
        except VideoError:
            self._reader.close()
            raise
        self.length = sum(c.msgcount for c in self._connections) or None
        seconds = (self._reader.duration - 1) * 1e-9  # rosbags adds the first nanosecond after the end
        self.rate = (self.length - 1) / seconds if self.length and seconds > 0 else 0.0

    def _choose(self, topic: str) -> None:
        connections = self._reader.connections
        wanted = topic.strip("/")
        images = [c for c in connections if c.msgtype in (RAW, COMPRESSED) and wanted in ("", c.topic.strip("/"))]
        if not images:
            present = ", ".join(f"{c.topic} ({c.msgtype})" for c in connections) or "nothing"
            raise VideoError(f"{self.path}: no image topic {topic}".rstrip() + f"; it has {present}")
        problems = {name: self._problem([c for c in images if c.topic == name]) for name in _names(images)}
        self.topics = [name for name, problem in problems.items() if not problem]
        chosen = next(iter(self.topics), "")
        if not chosen:
            told = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
            raise VideoError(f"{self.path}: it has no frame that can be decoded. {told}")
        self.topic = chosen
        self.passed_over = [
            f"{name} ({problem or 'choose it by the parameter topic'})"
            for name, problem in problems.items()
            if name != chosen
        ]
        self._connections = [c for c in images if c.topic == chosen]
        base = chosen.rpartition("/")[0] if self._connections[0].msgtype == COMPRESSED else chosen
        beside = f"{base.rpartition('/')[0]}/camera_info"
        self._infos = [c for c in connections if c.msgtype == CAMERA_INFO and c.topic == beside]

    def _problem(self, connections: Sequence[Connection]) -> str:
        """Reason why none of the first messages is an image; '' if one is."""
        problem = "it has no message"
        for _, data, kind in islice(self._messages(connections), TRIED):
            try:
                deserialize(data, kind)
            except BadImage as error:
                problem = str(error)
            else:
                return ""
        return problem

    def _play(self) -> Iterator[RecordedFrame]:
        ranges = PixelRanges()
        # It may have been recorded after its image.
        calibration = next((data for _, data, _ in self._messages(self._infos) if is_readable(data, CAMERA_INFO)), b"")
        for recorded, data, kind in self._messages([*self._connections, *self._infos]):
            if kind == CAMERA_INFO:
                calibration = data if is_readable(data, CAMERA_INFO) else calibration
                continue
            try:
                header, image = deserialize(data, kind, ranges)
            except BadImage as error:
                self._skip(f"{self.topic}: {error}")
                continue
            stamp = header.stamp.sec * 10**9 + header.stamp.nanosec
            if stamp < 0:
                self._skip(f"{self.topic}: the stamp is negative: {header.stamp.sec} s")
                continue
            yield RecordedFrame(image, stamp or recorded, header.frame_id, calibration)

    def _messages(self, connections: Sequence[Connection]) -> Iterator[tuple[int, bytes, str]]:
        if not connections:  # none would mean all
            return
        start, step, recorded, last_problem = self._reader.start_time, FIRST_STEP, -1, ""
        while start < self._reader.end_time:
            try:
                for connection, recorded, data in self._reader.messages(connections, start=start):
                    yield recorded, data, connection.msgtype
                    step = FIRST_STEP
                return
            except Exception as error:  # as above
                if not self._past_damage:
                    raise VideoError(f"{self.path}: this bag is damaged: {error}") from error
                last_problem = str(error)
            if step == FIRST_STEP:  # not what fails again on the way out of the same damage
                elapsed = (max(recorded, self._reader.start_time) - self._reader.start_time) * 1e-9
                self._skip(f"this bag is damaged {elapsed:.3f} s after its beginning: {last_problem}")
            start = max(start, recorded) + step
            step *= 2

    def _release(self) -> None:
        if self._reader.is_open:
            self._reader.close()


def _names(connections: Sequence[Connection]) -> list[str]:
    return list(dict.fromkeys(c.topic for c in connections))
