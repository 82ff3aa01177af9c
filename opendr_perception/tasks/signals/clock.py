"""The time of each sample of a stream, from the stamps that came with its chunks."""

from __future__ import annotations

import math

SETTLING = 10.0
"""Seconds over which stamps are averaged: they jitter, samples do not."""
MOST_DRIFT = 2e-3
"""Of a clock that drifts. One that differs more has another rate than it says."""
MEMORY = 200.0
"""Chunks after which a large deviation is forgotten."""


class SampleClock:
    """Follows the clock that a stream is sampled by, with that of its stamps: a phase-locked loop of second order.

    Args:
        rate: samples per second as the stream says, Hz.
        index, stamp: a sample, and its time in nanoseconds.

    Attributes:
        drift: seconds per second by which samples come slower than the rate says; 1e-4 is 100 ppm.
        jitter: largest deviation of the last stamps from the times of their samples, s.
    """

    def __init__(self, rate: float, index: int, stamp: int) -> None:
        self.rate = rate
        self.drift, self.jitter = 0.0, 0.0
        self._index, self._stamp = index, stamp
        self._age = 0.0

    def time(self, index: int) -> int:
        """The time of a sample in nanoseconds."""
        return self._stamp + round(1e9 * (index - self._index) / self.rate * (1 + self.drift))

    def index(self, stamp: int) -> float:
        """The sample at a time, as a fraction."""
        return self._index + (stamp - self._stamp) * 1e-9 * self.rate / (1 + self.drift)

    def follow(self, index: int, stamp: int) -> None:
        """Take note of the stamp of a sample; of one that is not after the last one nothing is learnt."""
        passed = (index - self._index) / self.rate
        if passed <= 0:
            return
        off = (stamp - self.time(index)) * 1e-9
        self._age += passed
        gain = 1 - math.exp(-2 * passed / min(SETTLING, self._age))  # critically damped; quick while it is young
        at = self.time(index) + round(1e9 * gain * off)
        if self._age > 1.0:
            drift = self.drift + 0.25 * gain**2 / passed * off
            self.drift = min(max(drift, -MOST_DRIFT), MOST_DRIFT)
        self.jitter = max(abs(off), self.jitter * (1 - 1 / MEMORY))
        self._index, self._stamp = index, at
