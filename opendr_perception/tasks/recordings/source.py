"""Common base of all sources of frames."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from opendr_perception.tasks.imaging import Image


class VideoError(RuntimeError):
    """A source cannot be opened or has failed; the message names it."""


@dataclass(frozen=True, eq=False)
class RecordedFrame:
    """One image of a source.

    Args:
        image: The pixels.
        stamp: When it was taken in nanoseconds, on the clock of the recording; None: now.
        frame_id: Coordinate frame of the camera; '' where the source does not tell.
        calibration: The serialised sensor_msgs/CameraInfo that belongs to it; empty where the source has none.
    """

    image: Image
    stamp: int | None
    frame_id: str = ""
    calibration: bytes = b""


class FrameSource(ABC):
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
        waiting: Why no frame comes at the moment, where it is tried again; '' while they come.
        passed_over: What else could have been played, and why it is not.
    """

    def __init__(self, path: str, loop: bool) -> None:
        self.path = path
        self.rate = 0.0
        self.size: tuple[int, int] | None = None
        self.length: int | None = None
        self.skipped = 0
        self.problem = ""
        self.waiting = ""
        self.passed_over: Sequence[str] = ()
        self._loop = loop
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[RecordedFrame]:
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
            if empty and not self._closed.is_set():
                raise VideoError(f"{self.path}: it has no frame that can be decoded. {self.problem}".rstrip())
            if not self._loop:
                return

    def stop(self) -> None:
        """End an iteration under way with the frame that it has given; any thread may say so."""
        self._closed.set()

    def close(self) -> None:
        """Stop, and release the file or device; not while another thread iterates."""
        self.stop()
        self._release()

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _play(self) -> Iterator[RecordedFrame]:
        """Play once from the beginning."""

    @abstractmethod
    def _release(self) -> None:
        """Give back what the source holds."""

    def _skip(self, problem: str, frames: int = 1) -> None:
        self.skipped += frames
        self.problem = problem
