"""Sound of files, as FFmpeg decodes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.signals.resample import resample

LONGEST = 3600.0
"""Seconds that `read_sound` takes into memory at most."""


class SoundError(RuntimeError):
    """There is no sound here, or it cannot be had; the message names the source and says why in one line."""


class SoundFile:
    """Decodes the first sound track of a file, chunk by chunk.

    Args:
        path: anything that FFmpeg reads: wav, flac, ogg, mp3, or a film.

    Attributes:
        rate: samples per second, Hz.
        channels: of the file.

    Raises:
        SoundError: there is no such file, or no sound in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = printable(path)
        try:
            self._container = av.open(str(path))
        except (FFmpegError, OSError, ValueError) as error:
            raise SoundError(f"{self.path}: {_reason(error)}") from error
        if not self._container.streams.audio:
            self._container.close()
            raise SoundError(f"{self.path}: no sound is in this file")
        self._stream = self._container.streams.audio[0]
        self.rate = int(self._stream.codec_context.sample_rate or 0)
        self.channels = int(self._stream.codec_context.channels or 0)
        if not (self.rate and self.channels):
            self._container.close()
            raise SoundError(f"{self.path}: its header names no rate or no channels")

    def chunks(self) -> Iterator[np.ndarray]:
        """The samples (n, channels) float32 in [-1, 1], as the decoder gives them.

        Raises:
            SoundError: nothing of it can be decoded.
        """
        empty = True
        resampler = AudioResampler(format="fltp", layout=self._stream.codec_context.layout, rate=self.rate)
        try:
            for frame in self._container.decode(self._stream):
                for part in resampler.resample(frame):
                    if part.samples:
                        empty = False
                        yield np.ascontiguousarray(part.to_ndarray().T)
        except (FFmpegError, ValueError) as error:
            if empty:
                raise SoundError(f"{self.path}: {_reason(error)}") from error
        if empty:
            raise SoundError(f"{self.path}: no sound can be decoded")

    def close(self) -> None:
        self._container.close()


def read_sound(path: Path, rate: int) -> np.ndarray:
    """The mean of all channels (n,) float32 of a file, at a rate in Hz.

    Raises:
        SoundError: there is no sound, or more than an hour of it.
    """
    file = SoundFile(path)
    try:
        pieces, count = [], 0
        for chunk in file.chunks():
            pieces.append(chunk.mean(1))
            count += len(chunk)
            if count > LONGEST * file.rate:
                raise SoundError(f"{file.path}: longer than {LONGEST / 60:g} minutes")
    finally:
        file.close()
    return resample(np.concatenate(pieces), file.rate, rate)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0] or type(error).__name__
