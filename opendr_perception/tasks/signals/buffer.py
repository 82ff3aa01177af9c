"""Samples in the order in which they were taken, from chunks that come in any size, twice, late, or never.

A camera's newest image makes the older ones worthless; of sound and of heart signals every sample counts. So chunks are
put in order by the time of their first sample, each sample is given on once, and what is lost is known: a short gap is
filled, after a long one the stream restarts.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.shapes import Samples
from opendr_perception.tasks.signals.clock import SampleClock

PATIENCE = 0.2
"""Seconds of samples, in two chunks at least, that wait for a chunk before it is taken for lost."""
LONGEST_WAIT = 2.0
"""Seconds of samples that wait at most, however few chunks they are."""
CROWD = 64
"""Chunks that wait at most, however short they are."""
MOST_JITTER = 0.05
"""Seconds by which the stamp of a long chunk may be wrong; what overlaps by more was sent twice."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Samples that follow each other.

    Args:
        samples: (n, channels) float32.
        rate: samples per second, Hz.
        stamp: time of the first sample in nanoseconds.
        loose: the stamp is a guess, such as the time of arrival: the samples follow what came before, unless it is
            off by more than the largest gap.
    """

    samples: np.ndarray  # of any shape: whoever takes it refuses what cannot be used
    rate: float
    stamp: int
    loose: bool = False


@dataclass(frozen=True, eq=False)
class Piece:
    """The next samples of a stream.

    Attributes:
        samples: (n, channels) float32; filled ones are those of `SampleBuffer.fill`.
        rate: Hz.
        index: of the first one, since the stream began anew.
        stamp: time of the first one in nanoseconds, free of the jitter of stamps.
        restart: why the stream restarts with it; '' if it goes on.
    """

    samples: Samples
    rate: float
    index: int
    stamp: int
    restart: str = ""


@dataclass
class SampleCounts:
    """Fates of the samples of a stream: `lost` were filled or left out, `repeated` came again or too late."""

    received: int = 0
    lost: int = 0
    repeated: int = 0
    restarts: int = 0


class SampleBuffer:
    """Puts chunks in order. Not for several threads at once.

    Args:
        max_gap: seconds. What is missing for longer is not filled: the stream restarts, as it does when stamps go
            back by more.
        fill: value of samples that are lost: 0 for sound, NaN for signals that know it.

    Attributes:
        counts: of samples.
        clock: of the stream; None before its first chunk.
    """

    def __init__(self, max_gap: float = 1.0, fill: float = 0.0) -> None:
        if not 0 <= max_gap < np.inf:
            raise ValueError(f"max_gap must be a number of seconds, not {max_gap}")
        self.counts = SampleCounts()
        self.clock: SampleClock | None = None
        self._max_gap, self._fill = max_gap, fill
        self._next = 0
        self._channels = 0
        self._waiting: list[Chunk] = []

    @property
    def waiting(self) -> int:
        """Samples that wait for others before them."""
        return sum(len(chunk.samples) for chunk in self._waiting)

    def add(self, chunk: Chunk) -> list[Piece]:
        """Take a chunk; give the samples that are now known to be next.

        Raises:
            ValueError: it has no samples, or no rate.
        """
        if chunk.samples.ndim != 2 or not chunk.samples.size or not 0 < chunk.rate < np.inf:
            raise ValueError(f"a chunk of shape {chunk.samples.shape} at {chunk.rate} Hz is no piece of a signal")
        self.counts.received += len(chunk.samples)
        reason = self._ends(chunk)
        if reason:
            return [*self.flush(), *self._begin(chunk, reason)]
        if self._lateness(chunk) <= self._tolerance(chunk):
            return [*self._join(chunk), *self._continue()]
        if any((each.stamp, len(each.samples)) == (chunk.stamp, len(chunk.samples)) for each in self._waiting):
            self.counts.repeated += len(chunk.samples)
            return []
        self._waiting.append(chunk)
        count, seconds = len(self._waiting), self.waiting / chunk.rate
        patient = count < CROWD and seconds < LONGEST_WAIT and (count < 2 or seconds < PATIENCE)
        return [] if patient else self._resolve()

    def flush(self) -> list[Piece]:
        """Give what waits, because nothing more will come."""
        return self._resolve() if self._waiting else []

    def _ends(self, chunk: Chunk) -> str:
        """Reason why the stream cannot go on with this chunk; '' if it can."""
        clock = self.clock
        if clock is None:
            return "it begins"
        if (chunk.rate, chunk.samples.shape[1]) != (clock.rate, self._channels):
            return (
                f"its format changed from {self._channels} x {clock.rate:g} Hz "
                f"to {chunk.samples.shape[1]} x {chunk.rate:g} Hz"
            )
        late = self._lateness(chunk) / chunk.rate
        if late > self._max_gap:
            return f"nothing came for {late:.1f} s"
        # The end counts: what was sent twice may be long.
        if late + len(chunk.samples) / chunk.rate < -self._max_gap:
            return f"time went back by {-late:.1f} s"
        return ""

    def _begin(self, chunk: Chunk, reason: str) -> list[Piece]:
        again = self.clock is not None
        if again:
            self.counts.restarts += 1
            self.counts.lost += max(round(self._lateness(chunk)), 0)
        self._next, self._channels = 0, chunk.samples.shape[1]
        self.clock = SampleClock(chunk.rate, 0, chunk.stamp)
        return self._give(chunk.samples, reason if again else "")

    def _lateness(self, chunk: Chunk) -> float:
        """Samples between the last one that was given and the first of this chunk; negative if it overlaps."""
        assert self.clock is not None
        return self.clock.index(chunk.stamp) - self._next

    def _tolerance(self, chunk: Chunk) -> float:
        """Samples by which a stamp may be too late, as far as the stream has shown that its stamps are not exact."""
        assert self.clock is not None
        if chunk.loose:
            return np.inf
        jitter = self.clock.jitter * chunk.rate
        usual = min(0.5 * len(chunk.samples), MOST_JITTER * chunk.rate) if jitter > 1 else 0.5
        return max(2 * jitter, usual)

    def _append(self, chunk: Chunk) -> list[Piece]:
        assert self.clock is not None
        self.clock.follow(self._next, chunk.stamp)
        return self._give(chunk.samples)

    def _give(self, samples: np.ndarray, reason: str = "") -> list[Piece]:
        assert self.clock is not None
        piece = Piece(samples, self.clock.rate, self._next, self.clock.time(self._next), reason)
        self._next += len(samples)
        return [piece]

    def _join(self, chunk: Chunk) -> list[Piece]:
        """Append what is new of a chunk that is not too late."""
        known, length = -round(self._lateness(chunk)), len(chunk.samples)
        early = max(min(0.5 * length, MOST_JITTER * chunk.rate), min(self._tolerance(chunk), length - 1))
        if chunk.loose or known < early:
            return self._append(chunk)
        if length - known <= min(self._tolerance(chunk), 0.5 * length):
            known = length  # what seems to be new at its end is jitter
        self.counts.repeated += min(known, length)
        return self._give(chunk.samples[known:]) if known < length else []

    def _continue(self) -> list[Piece]:
        """Give the chunks that waited for what has just been given."""
        pieces: list[Piece] = []
        while self._waiting:
            first = min(self._waiting, key=self._lateness)
            if self._lateness(first) > self._tolerance(first):
                break
            self._waiting.remove(first)
            pieces += self._join(first)
        return pieces

    def _resolve(self) -> list[Piece]:
        """Stop to wait: fill what is missing before the first chunk that waits, unless stamps merely jitter.

        What is lost is lost for all that wait: they are late by the same time. Jitter is of each stamp.
        """
        self._waiting.sort(key=self._lateness)
        before, late = 0, []
        for chunk in self._waiting:
            late.append(self._lateness(chunk) - before)
            before += len(chunk.samples)
        first = self._waiting.pop(0)
        exact = len(late) > 1 and max(late) - min(late) < 1
        missing = round(statistics.median(late) if len(late) > 2 else late[0])
        pieces: list[Piece] = []
        if not exact:  # it is whole chunks that get lost
            whole = round(missing / len(first.samples)) * len(first.samples)
            missing = whole if whole and abs(missing - whole) <= self._tolerance(first) else missing
        if missing > (0 if exact else min(0.5 * len(first.samples), MOST_JITTER * first.rate)):
            self.counts.lost += missing
            pieces += self._give(np.full((missing, self._channels), self._fill, np.float32))
        return [*pieces, *self._append(first), *self._continue()]
