"""From chunks of a stream to its samples, in order and at the rate at which they are heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.signals.buffer import Chunk, Piece, SampleBuffer, SampleCounts
from opendr_perception.tasks.signals.clock import SampleClock
from opendr_perception.tasks.signals.resample import Resampler


@dataclass(frozen=True, eq=False)
class Stretch:
    """The next samples of a stream.

    Attributes:
        samples: (n,) float32; none where a resampler still waits.
        stamp: time of the first one in ns, free of the jitter of stamps.
        restart: why the stream restarts with it; '' if it goes on.
    """

    samples: np.ndarray
    stamp: int
    restart: str = ""


class SampleLine:
    """Puts chunks in order, takes a channel or the mean of all, and resamples it. Not for several threads at once.

    Args:
        rate: at which the samples are wanted, Hz.
        max_gap: seconds that may be missing, as of `SampleBuffer`.
        fill: value of a short gap; NaN for signals that may have holes.
    """

    def __init__(self, rate: int, max_gap: float = 1.0, fill: float = 0.0) -> None:
        self._rate = rate
        self._holes = fill != fill  # a filter must not see NaN, and what comes near one is NaN again
        self._buffer = SampleBuffer(max_gap, fill)
        self._resampler = Resampler(rate, rate)
        self._value = 0.0  # the last one of a signal that may have holes
        self._given = 0  # samples at the rate that is wanted, since the stream began

    @property
    def counts(self) -> SampleCounts:
        """Fates of the samples."""
        return self._buffer.counts

    @property
    def clock(self) -> SampleClock | None:
        """Of the stream; None before its first chunk."""
        return self._buffer.clock

    def add(self, chunk: Chunk, channel: int = -1) -> Iterator[Stretch]:
        """Take a chunk; give what is now known to be next.

        Args:
            chunk: of any rate and size.
            channel: from 0 on; -1 for the mean of all.

        Raises:
            ValueError: the chunk has no samples, no rate, or no such channel.
        """
        if channel >= chunk.samples.shape[1]:
            raise ValueError(f"channel {channel} is asked for, but there are {chunk.samples.shape[1]}, from 0 on")
        yield from self._give(self._buffer.add(chunk), channel)

    def flush(self, channel: int = -1) -> Iterator[Stretch]:
        """Give what waits for chunks before it, because nothing more will come."""
        yield from self._give(self._buffer.flush(), channel)

    def _give(self, pieces: list[Piece], channel: int) -> Iterator[Stretch]:
        for piece in pieces:
            if piece.index == 0:
                self._resampler, self._given = Resampler(piece.rate, self._rate, 2 if self._holes else 1), 0
            samples = self._resample(piece.samples[:, channel] if channel >= 0 else piece.samples.mean(1))
            assert self._buffer.clock is not None
            stamp = self._buffer.clock.time(round(self._given * piece.rate / self._rate))
            self._given += len(samples)
            yield Stretch(samples, stamp, piece.restart)

    def _resample(self, samples: np.ndarray) -> np.ndarray:
        if not self._holes:
            return self._resampler.push(samples[:, None])[:, 0]
        columns = _columns(samples, self._value)
        self._value = float(columns[-1, 0])
        return _with_holes(self._resampler.push(columns))


def _columns(samples: np.ndarray, before: float) -> np.ndarray:
    """A signal (n,) with NaN as (n, 2): without holes, and 1 where there is a value; a filter can take these."""
    known = np.isfinite(samples)
    places = np.maximum.accumulate(np.where(known, np.arange(len(samples)), -1))
    whole = np.where(places >= 0, samples[places], before)
    return np.stack([whole, known], 1).astype(np.float32)


def _with_holes(columns: np.ndarray) -> np.ndarray:
    """The signal (n,) of such columns (n, 2) at another rate: NaN near each hole."""
    signal: np.ndarray = np.where(columns[:, 1] > 0.99, columns[:, 0], np.float32(np.nan))
    return signal
