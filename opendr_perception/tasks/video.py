"""Frames from a video file, a directory of pictures, a camera or a rosbag2 recording, behind one interface."""

from __future__ import annotations

import math
import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import Reader

from opendr_perception.tasks.image import Image
from opendr_perception.tasks.image_message import COMPRESSED, RAW, BadImage, decode, deserialize
from opendr_perception.tasks.pacer import DEFAULT_RATE, check_rate

PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
BAGS = {".db3", ".mcap"}

_MAX_FAILURES = 100  # so many frames in a row that cannot be decoded are the end of a video


class VideoError(RuntimeError):
    """A source cannot be opened or has failed; the message names it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source.

    Args:
        image: The pixels.
        stamp: When it was taken in nanoseconds, on the clock of the recording; None: now.
        frame_id: Coordinate frame of the camera; '' where the source does not tell.
    """

    image: Image
    stamp: int | None
    frame_id: str = ""


class VideoSource(ABC):
    """Frames in the order of recording, as fast as they are asked for; see Pacer for the right moment.

    Frames that cannot be decoded are left out and counted. Each pass of a loop begins with the first stamp again.
    A source serves one iteration at a time.

    Attributes:
        path: What was opened.
        rate: Frames per second as recorded; 0: unknown.
        size: (width, height) in pixels; None: unknown, or not the same for all frames.
        length: Frames in one pass; None: unknown or endless.
        skipped: Frames left out so far.
        problem: Why the last of them was left out.
    """

    def __init__(self, path: str, loop: bool) -> None:
        self.path = path
        self.rate = 0.0
        self.size: tuple[int, int] | None = None
        self.length: int | None = None
        self.skipped = 0
        self.problem = ""
        self._loop = loop
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Play once, or again and again in a loop.

        Raises:
            VideoError: The source broke down, or has not one good frame.
        """
        while not self._closed.is_set():
            empty = True
            for frame in self._play():
                empty = False
                yield frame
                if self._closed.is_set():
                    return
            if empty:
                raise VideoError(f"{self.path}: it has no frame that can be decoded. {self.problem}".rstrip())
            if not self._loop:
                return

    def close(self) -> None:
        """Release the file or device; an iteration under way ends with the frame that it has given."""
        self._closed.set()
        self._release()

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _play(self) -> Iterator[Frame]:
        """Play once from the beginning."""

    @abstractmethod
    def _release(self) -> None:
        """Give back what the source holds."""

    def _skip(self, problem: str, frames: int = 1) -> None:
        self.skipped += frames
        self.problem = problem


def open_source(path: str, rate: float = 0.0, loop: bool = False, topic: str = "") -> VideoSource:
    """Open whatever has frames.

    Args:
        path: A video file, a directory of pictures (jpg, png, bmp; in natural order) or one of them, a camera ('0',
            '/dev/video0' or a link to it), or a rosbag2 recording (its directory, or its .db3 or .mcap file).
        rate: Hz. Sets the stamps of pictures (0: DEFAULT_RATE) and is asked of a camera (0: its default); recorded
            stamps stay as they are.
        loop: Begin again at the end.
        topic: Image topic of a bag; '': the first one that has messages. Other sources ignore it.

    Raises:
        VideoError: There is nothing at `path`, or nothing that can be played.
        ValueError: The rate is negative or not finite.
    """
    check_rate(rate)
    device = re.fullmatch(r"(?:/dev/video)?(\d+)", os.path.realpath(path) if path.startswith("/dev/") else path)
    if device:
        return CameraSource(path, int(device[1]), rate)
    if not path:
        raise VideoError("the path of the video is empty")
    file = Path(path).expanduser()
    try:
        files = list(file.iterdir()) if file.is_dir() else [file]
        file.stat()
    except OSError as error:
        raise VideoError(f"{path}: {error.strerror}") from error
    pictures = [entry for entry in files if entry.suffix.lower() in PICTURES]
    if pictures:
        return PictureSource(path, pictures, rate, loop)
    if any(entry.suffix in BAGS or entry.name == "metadata.yaml" for entry in files):
        return BagSource(file, loop, topic)
    if file.is_dir():
        raise VideoError(
            f"{path}: neither pictures ({', '.join(sorted(PICTURES))}) nor a rosbag2 are in this directory"
        )
    return FileSource(file, loop)


class FileSource(VideoSource):
    """A video file. Stamps are presentation times and begin with 0."""

    def __init__(self, path: Path, loop: bool) -> None:
        super().__init__(str(path), loop)
        self._capture = cv2.VideoCapture()
        self._open()
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= 1000 else 0.0  # some containers tell their clock's rate, or nothing
        self.size = _size(self._capture)
        self.length = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))) or None

    def _open(self) -> None:
        if not self._capture.open(self.path):
            raise VideoError(f"{self.path}: not a video that OpenCV can read")

    def _play(self) -> Iterator[Frame]:
        self._open()  # anew for each pass, because not every container can seek
        period = round(1e9 / (self.rate or DEFAULT_RATE))
        start, stamp, failures = math.nan, -period, 0
        while failures < _MAX_FAILURES:
            if not self._capture.grab():
                failures += 1  # the end, or a damaged frame: only a later good frame tells
                continue
            if failures:
                self._skip("a frame is damaged", failures)
                failures = 0
            # Relative to the first frame, because OpenCV's versions differ in whether this is its begin or its end.
            position = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            start = position if math.isnan(start) else start
            elapsed = round((position - start) * 1e6)
            stamp = elapsed if elapsed > stamp else stamp + period
            try:
                image = _bgr(self._capture.retrieve()[1])
            except ValueError as error:
                self._skip(str(error))
                continue
            yield Frame(image, stamp)

    def _release(self) -> None:
        self._capture.release()


class PictureSource(VideoSource):
    """Picture files in natural order (2 before 10). Stamps are index / rate."""

    def __init__(self, path: str, files: list[Path], rate: float, loop: bool) -> None:
        super().__init__(path, loop)
        self._files = sorted(files, key=_natural)
        self.rate = rate or DEFAULT_RATE
        self.length = len(files)

    def _play(self) -> Iterator[Frame]:
        for index, file in enumerate(self._files):
            try:
                image = decode(file.read_bytes())
            except (OSError, ValueError, cv2.error) as error:
                self._skip(f"{file.name}: {error}")
                continue
            yield Frame(image, round(index * 1e9 / self.rate))

    def _release(self) -> None:
        self._files = []


class CameraSource(VideoSource):
    """A camera of this machine. Frames have no stamp: they are of now."""

    def __init__(self, path: str, index: int, rate: float) -> None:
        super().__init__(path, loop=False)
        self._capture = cv2.VideoCapture(index)
        if not self._capture.isOpened():
            raise VideoError(f"{path}: cannot open this camera; is it plugged in, free, and may this user read it?")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame rather than all frames
        if rate:
            self._capture.set(cv2.CAP_PROP_FPS, rate)
        self.rate = max(0.0, self._capture.get(cv2.CAP_PROP_FPS))
        self.size = _size(self._capture)

    def _play(self) -> Iterator[Frame]:
        while True:
            pixels: Any = self._capture.read()[1]
            if pixels is None:
                raise VideoError(f"{self.path}: the camera stopped delivering frames")
            yield Frame(_bgr(pixels), None)

    def _release(self) -> None:
        self._capture.release()


class BagSource(VideoSource):
    """One image topic of a rosbag2 recording. Stamps and frame ids are those of the messages' headers.

    A message without a stamp gets the time at which it was recorded.
    """

    def __init__(self, path: Path, loop: bool, topic: str) -> None:
        super().__init__(str(path), loop)
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:  # a damaged bag makes its parsers fail in many ways
            raise VideoError(f"{path}: cannot open this bag: {error}") from error

        connections = self._reader.connections
        images = [c for c in connections if c.msgtype in (RAW, COMPRESSED) and topic in ("", c.topic)]
        if not images:
            present = ", ".join(f"{c.topic} ({c.msgtype})" for c in connections) or "nothing"
            self._reader.close()
            raise VideoError(f"{path}: no image topic {topic}".rstrip() + f"; it has {present}")
        chosen = next((c.topic for c in images if c.msgcount), images[0].topic)
        self._connections = [c for c in images if c.topic == chosen]
        self.topic = chosen
        self.length = sum(c.msgcount for c in self._connections) or None
        seconds = (self._reader.duration - 1) * 1e-9  # rosbags adds the first nanosecond after the end
        self.rate = (self.length - 1) / seconds if self.length and seconds > 0 else 0.0

    def _play(self) -> Iterator[Frame]:
        for recorded, data, kind in self._messages():
            try:
                header, image = deserialize(data, kind)
            except BadImage as error:
                self._skip(f"{self.topic}: {error}")
                continue
            stamp = header.stamp.sec * 10**9 + header.stamp.nanosec
            yield Frame(image, stamp or recorded, header.frame_id)

    def _messages(self) -> Iterator[tuple[int, bytes, str]]:
        try:
            for connection, recorded, data in self._reader.messages(self._connections):
                yield recorded, data, connection.msgtype
        except Exception as error:  # as above
            raise VideoError(f"{self.path}: this bag is damaged: {error}") from error

    def _release(self) -> None:
        if self._reader.is_open:
            self._reader.close()


def _bgr(pixels: Any) -> Image:
    if pixels is None:  # OpenCV can report success without a picture
        raise ValueError("OpenCV gave no picture")
    return Image(np.asarray(pixels, np.uint8), "bgr8")


def _size(capture: cv2.VideoCapture) -> tuple[int, int] | None:
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    return (width, height) if width > 0 and height > 0 else None


def _natural(path: Path) -> list[str | int]:
    return [int(part) if part.isdigit() else part.casefold() for part in re.split(r"(\d+)", path.name)]
