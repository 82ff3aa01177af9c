"""Usual interval of arrivals, learnt from the past: the measure of a gap."""

from __future__ import annotations

from collections import deque
from statistics import median_low

KEPT = 15
"""Intervals that are remembered: a few seconds of a usual camera, so that a new rate is learnt soon."""

MISSED = 3.0
"""So many usual intervals may pass before something is missed: one late or lost image is no gap."""


class Rhythm:
    """The usual interval between events: the lower median of the newest ones, so that single leaps do not count."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=KEPT)

    def note(self, interval: float) -> None:
        """Take note of the seconds since the last event; what is not positive says nothing."""
        if interval > 0.0:
            self._intervals.append(interval)

    def interval(self, known: int = 1) -> float:
        """The usual interval in seconds; 0 while fewer than `known` are known."""
        return median_low(self._intervals) if len(self._intervals) >= max(known, 1) else 0.0

    def patience(self, least: float, known: int = 1) -> float:
        """Seconds to wait for the next event: `least`, or more where events are rare."""
        return max(least, MISSED * self.interval(known))
