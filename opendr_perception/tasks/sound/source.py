"""Sound from a file, a microphone or a rosbag2 recording, behind one interface."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.shapes import Samples
from opendr_perception.tasks.signals import SampleClock
from opendr_perception.tasks.sound.bag import BagSound
from opendr_perception.tasks.sound.messages import Format
from opendr_perception.tasks.sound.microphone import open_microphone
from opendr_perception.tasks.sound.recording import SoundError, SoundFile

BAGS = {".db3", ".mcap"}
MICROPHONE = "microphone"


@dataclass(frozen=True, eq=False)
class SoundChunk:
    """Samples of a source.

    Attributes:
        samples: (n, channels) float32 in [-1, 1].
        rate: Hz.
        stamp: when the first was taken, ns on the clock of the recording; None: right after the ones before it.
        live: seconds that have passed since its first sample, on the monotonic clock; None for recordings.
        frame_id: of the microphone; '' where the source does not tell.
    """

    samples: Samples
    rate: int
    stamp: int | None = None
    live: float | None = None
    frame_id: str = ""


class SoundSource(ABC):
    """Chunks in the order of recording, as fast as they are asked for.

    Attributes:
        path: what was opened, for people.
        skipped: messages of a bag that could not be read.
        problem: why the last of them could not.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.skipped = 0
        self.problem = ""
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[SoundChunk]:
        """Play to the end.

        Raises:
            SoundError: the source broke down, or has no sound at all.
        """
        for chunk in self._play():
            if self._stopped.is_set():
                return
            yield chunk

    def stop(self) -> None:
        """End an iteration under way; any thread may say so."""
        self._stopped.set()

    @abstractmethod
    def _play(self) -> Iterator[SoundChunk]:
        """Play, again and again in a loop."""

    def close(self) -> None:
        """Release the file or device; not while another thread iterates."""
        self.stop()


class FileSource(SoundSource):
    """A file, in chunks of equal duration; in a loop the sound goes on without a gap.

    Args:
        path: of the file.
        seconds: of a chunk.
        loop: begin again at the end.
    """

    def __init__(self, path: Path, seconds: float, loop: bool) -> None:
        super().__init__(printable(path))
        self._file, self._seconds, self._loop = path, seconds, loop
        SoundFile(path).close()  # what is wrong with it shall be known now

    def _play(self) -> Iterator[SoundChunk]:
        file = SoundFile(self._file)
        size = max(round(self._seconds * file.rate), 1)
        kept: np.ndarray = np.zeros((0, file.channels), np.float32)
        while not self._stopped.is_set():
            for part in file.chunks():
                kept = np.concatenate([kept, part])
                while len(kept) >= size:
                    yield SoundChunk(kept[:size], file.rate)
                    kept = kept[size:]
            file.close()
            if not self._loop:
                break
            file = SoundFile(self._file)
        if len(kept):
            yield SoundChunk(kept, file.rate)


class MicrophoneSource(SoundSource):
    """A microphone of this machine.

    Args:
        name: of the device, a part of it, or its number; '' for the default one.
        rate: Hz.
        channels: of the device.
        seconds: of a chunk.
    """

    def __init__(self, name: str, rate: int, channels: int, seconds: float) -> None:
        super().__init__(f"{MICROPHONE}:{name}" if name else MICROPHONE)
        self._rate, self._size = rate, max(round(seconds * rate), 1)
        self._device = open_microphone(name, rate, channels)

    def _play(self) -> Iterator[SoundChunk]:
        self._device.start()
        clock: SampleClock | None = None
        index = 0
        while True:
            samples, overflowed = self._device.read(self._size)
            now = time.monotonic_ns()
            began = now - round(self._size / self._rate * 1e9)
            if overflowed:  # what was lost is unknown: time tells
                self.skipped += 1
                self.problem = "the computer is too slow: samples of the microphone are lost"
            if clock is None or overflowed:
                clock = SampleClock(self._rate, index, began)
            clock.follow(index, began)  # the operating system wakes us at jittering times
            yield SoundChunk(np.asarray(samples, np.float32), self._rate, live=(now - clock.time(index)) * 1e-9)
            index += self._size

    def close(self) -> None:
        super().close()
        self._device.close()


class SoundBagSource(SoundSource):
    """A topic of a rosbag2 recording, message by message, with its stamps.

    Args:
        path: directory of the recording, or its file.
        topic: which one; '' for the first one with sound.
        loop: begin again at the end.
        known: how messages are to be read that do not tell it.
    """

    def __init__(self, path: Path, topic: str, loop: bool, known: Format) -> None:
        super().__init__(printable(path))
        self._bag = BagSound(path, topic)
        self._loop, self._known = loop, known

    def _play(self) -> Iterator[SoundChunk]:
        empty = True
        while not self._stopped.is_set():
            for heard in self._bag.messages(self._known):
                if isinstance(heard, str):
                    self.skipped, self.problem = self.skipped + 1, heard
                    continue
                empty = False
                chunk = heard.chunk
                yield SoundChunk(chunk.samples, round(chunk.rate), chunk.stamp, frame_id=heard.frame_id)
            if empty:
                raise SoundError(f"{self.path}: no message of {self._bag.topic} can be read. {self.problem}")
            if not self._loop:
                return

    def close(self) -> None:
        super().close()
        self._bag.close()


def open_source(path: str, seconds: float, loop: bool, topic: str, known: Format) -> SoundSource:
    """Open whatever has sound.

    Args:
        path: a file that FFmpeg reads, a rosbag2 recording, `microphone`, or `microphone:NAME`.
        seconds: of a chunk.
        loop: begin again at the end.
        topic: of a bag.
        known: rate and channels of a microphone, and of messages of a bag that do not tell them.

    Raises:
        SoundError: there is nothing, or no sound in it.
    """
    kind, _, name = path.partition(":")
    if kind == MICROPHONE:
        return MicrophoneSource(name, known.sample_rate, known.channels, seconds)
    file = Path(path).expanduser()
    if not path or "\0" in path or not file.exists():
        raise SoundError(f"{printable(path)}: there is no such file" if path else "the path of the sound is empty")
    if file.is_dir() or file.suffix in BAGS:
        return SoundBagSource(file, topic, loop, known)
    return FileSource(file, seconds, loop)
