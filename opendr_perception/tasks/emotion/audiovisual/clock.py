"""The time of streams whose sound and images come late, seldom, or not at all any more."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAP = 1_000_000_000
"""Nanoseconds by which time goes back where a recording begins again, at least."""


PATIENCE = 700_000_000
"""Nanoseconds without any message after which time goes on by itself."""


class StreamClock:
    """Tells the time of what comes by its stamps, and goes on when nothing comes any more.

    Args:
        steady: a time in ns that only goes forward.
    """

    def __init__(self, steady: Callable[[], int] = time.monotonic_ns) -> None:
        self._steady = steady
        self._stamp: int | None = None
        self._at = 0
        self._told: int | None = None

    def note(self, stamp: int) -> bool:
        """Something with a stamp in ns has come; True if time has gone back, and everything before is past."""
        back = self._stamp is not None and stamp < self._stamp - LEAP
        if self._stamp is None or back or stamp > self._stamp:
            self._stamp, self._at = stamp, self._steady()
        if back:
            self._told = None
        return back

    def due(self, period: int, delay: int) -> int | None:
        """The number of the newest period in ns that is over for so long and was not told before; None if none is."""
        if self._stamp is None:
            return None
        quiet = self._steady() - self._at
        now = self._stamp + (quiet if quiet > PATIENCE else 0)
        newest = (now - delay) // period - 1
        if self._told is not None and newest <= self._told:
            return None
        self._told = newest
        return newest
