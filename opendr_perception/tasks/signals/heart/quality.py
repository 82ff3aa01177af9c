"""True if a measured signal can be used: leads that are off, wires that are loose, an amplifier at its limit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

FLAT = 0.25
"""Seconds without any change that no heart makes."""
AT_LIMIT, NEAR_LIMIT = 5, 0.02
"""Samples in a row so near to the extreme value, as a share of its distance from the median: an amplifier at its limit.
No wave of a heart stays there so long; that signals are resampled before makes ripples of about this size."""
STILL = 1e-4
"""Change from sample to sample that is none, as a share of the largest value."""
REMEMBERED = 10
"""Seconds of which the quality is told."""


@dataclass(frozen=True)
class Usable:
    """Of a block of signal.

    Attributes:
        share: of its samples that tell something, in [0, 1].
        problem: of most of the others, in words; '' for none.
    """

    share: float
    problem: str = ""


def judge(block: Floats, rate: float) -> Usable:
    """Judge the share of a block (n,) that can be used; NaN stands for no value.

    Args:
        block: at least a few samples.
        rate: Hz.
    """
    off = ~np.isfinite(block)
    known = np.where(off, 0, block).astype(np.float32)
    flat = _still(known, off, max(round(FLAT * rate), 3)) & ~off
    limit = _at_limit(known, off | flat)
    parts = {"no value comes: is a lead off?": off, "the signal is flat": flat, "the signal is clipped": limit}
    problem = max(parts, key=lambda text: int(parts[text].sum()))
    bad = off | flat | limit
    return Usable(1 - float(bad.mean()), problem if bad.any() else "")


def without_holes(block: Floats, before: float) -> Floats:
    """The block with the value before each hole in its place, so that no filter hears of NaN.

    Args:
        block: (n,), maybe with NaN.
        before: the value before the block.
    """
    known = np.isfinite(block)
    if known.all():
        return block
    places = np.maximum.accumulate(np.where(known, np.arange(len(block)), -1))
    return np.where(places >= 0, block[places], np.float32(before)).astype(np.float32)


class SignalQuality:
    """The quality of the last seconds of a stream."""

    def __init__(self) -> None:
        self._shares: deque[float] = deque(maxlen=REMEMBERED)
        self.problem = ""

    def note(self, found: Usable) -> None:
        """Take note of the newest second."""
        self._shares.append(found.share)
        self.problem = found.problem if found.share < 0.9 else ""

    @property
    def value(self) -> float:
        """In [0, 1]: the worse of the newest second and of all remembered ones."""
        return min(self._shares[-1], float(np.mean(self._shares))) if self._shares else 0.0


def _still(x: Floats, off: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
    """Samples in runs without a change of a length at least."""
    moves = np.abs(np.diff(x)) > STILL * float(np.abs(x).max(initial=0.0))
    return _runs((moves | (off[1:] != off[:-1])), length)


def _at_limit(x: Floats, ignored: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Samples in runs near the extreme value that is farther from the median."""
    seen = x[~ignored]
    if not len(seen) or np.ptp(seen) == 0:
        return np.zeros(len(x), bool)
    away = np.where(ignored, 0, x - np.median(seen))
    if -away.min() > away.max():
        away = -away
    there = away > (1 - NEAR_LIMIT) * away.max()
    return there & _runs(there[1:] != there[:-1], AT_LIMIT)


def _runs(breaks: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
    """Samples (n,) that belong to runs of a length at least, between breaks (n - 1,)."""
    edges = np.flatnonzero(np.concatenate([[True], breaks, [True]]))
    return np.repeat(np.diff(edges) >= length, np.diff(edges))
