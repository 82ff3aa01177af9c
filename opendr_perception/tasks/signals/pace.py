"""Does a stream bring as many samples as its rate says?"""

from __future__ import annotations

WINDOW = 5.0
"""Seconds of stamps over which samples are counted."""
TOLERANCE = 0.03
"""A rate that is wrong by less is told by nobody; drift is far below it."""


class Pace:
    """Compares the rate that a stream says with what comes.

    Attributes:
        problem: what is wrong, in words; '' while nothing is known to be.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._began: int | None = None
        self._last = 0
        self._count = 0

    def note(self, stamp: int, samples: int, rate: float) -> None:
        """Take note of a chunk: the stamp of its first sample in ns, its number of samples, and the rate it says."""
        if self._began is None or not 0 <= stamp - self._last < WINDOW * 1e9:
            self._begin(stamp)
        self._last = stamp
        seconds = (stamp - (self._began or 0)) * 1e-9
        if seconds < WINDOW:
            self._count += samples
            return
        ratio = self._count / seconds / rate
        self._begin(stamp)
        self._count = samples
        self.problem = "" if abs(ratio - 1) < TOLERANCE else explain(ratio, rate)

    def _begin(self, stamp: int) -> None:
        self._began, self._count = stamp, 0


def explain(ratio: float, rate: float) -> str:
    """Words for `ratio` times as many samples as a rate in Hz says."""
    if abs(ratio - 2) < 2 * TOLERANCE:
        return f"twice as many samples come as {rate:g} Hz says: are two channels declared as one?"
    lost = " or samples are lost" if ratio < 1 else ""
    return f"the header says {rate:g} Hz, but {ratio * rate:.0f} samples come each second: the rate is wrong{lost}"
