"""Due times of the frames of a recording."""

from __future__ import annotations

import math

DEFAULT_RATE = 10.0
"""Hz, of images and of recordings that do not tell theirs."""


class Pacer:
    """Says when each frame of a recording is due.

    It keeps the distances of the stamps, or a constant rate. Where stamps repeat, go back (a loop) or leap, one
    ordinary period passes. A consumer that comes late delays all that follows: no burst of frames catches up.

    Args:
        rate: Hz; 0: as recorded.
        native_rate: Hz, for the ordinary period until two stamps tell it; 0: unknown.
        max_gap: Longest distance of two stamps in seconds that is kept; a longer one is a leap.

    Raises:
        ValueError: A rate is negative or not finite.
    """

    def __init__(self, rate: float = 0.0, native_rate: float = 0.0, max_gap: float = 10.0) -> None:
        check_rate(rate)
        check_rate(native_rate)
        self._period = 1 / (rate or native_rate or DEFAULT_RATE)
        self._constant = rate > 0
        self._max_gap = max_gap
        self._stamp: int | None = None
        self._due = 0.0

    def due(self, stamp: int | None, now: float) -> float:
        """Tell when the next frame is due; to be called once for each frame.

        Args:
            stamp: The frame's stamp in nanoseconds; None: a live frame.
            now: Monotonic clock in seconds.

        Returns:
            Seconds on the same clock, not before `now`.
        """
        if stamp is None:
            return now
        if self._stamp is None:
            self._due = now
        else:
            distance = (stamp - self._stamp) * 1e-9
            if not self._constant and 0 < distance <= self._max_gap:
                self._period = distance
            self._due = max(self._due + self._period, now)
        self._stamp = stamp
        return self._due


def check_rate(rate: float) -> None:
    """Raise ValueError unless `rate` is a number of Hz, or 0."""
    if not 0 <= rate < math.inf:
        raise ValueError(f"a rate must be a number of Hz, or 0, not {rate}")
