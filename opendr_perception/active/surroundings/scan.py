"""Obstacles from a laser scan, and detection of blind scans.

REP 117: +inf is a beam that met nothing, -inf one that met something too near to be measured, NaN an error.
sensor_msgs/LaserScan: values beyond `range_max` are to be discarded, so they are errors too.
"""

from __future__ import annotations

import math

import numpy as np

MAX_INVALID = 0.3
"""Share of beams that may be invalid. A leg 0.4 m before a depth camera hides more than this of its view."""
MAX_HIDDEN = math.radians(20)
"""An unbroken run of invalid beams that is wider hides something, however many good ones there are elsewhere."""
NEAREST = 0.01
"""m; an obstacle is never put nearer, because in the scanner's very middle it would be in no direction."""
JUMP = 1.0
"""Seconds. Stamps that go back by more begin anew, as those of a recording that repeats do."""
OLDEST = 0.5
"""Seconds. What a scan of this age has seen may be elsewhere now."""
FOREIGN_CLOCK = 3600.0
"""Seconds. A stamp that is off by more comes from another clock and tells no age."""


class Blind(ValueError):
    """A scan that says nothing about the way; the text says why."""


def scan_points(
    ranges: np.ndarray,
    angle_min: float,
    angle_increment: float,
    range_min: float,
    range_max: float,
    max_invalid: float = MAX_INVALID,
) -> np.ndarray:
    """Turn a scan into the points of obstacles, (n, 2) float, m, in the scanner's frame.

    Beams below `range_min` are obstacles at `range_min`; +inf is free; NaN and values beyond `range_max` are invalid.
    Few of them are left out; wide runs of them are obstacles at `range_min` too.

    Args:
        ranges: (beams,) float, m.
        angle_min: of the first beam, rad, counter-clockwise from the x axis.
        angle_increment: between two beams, rad.
        range_min: shortest range that is measured, m.
        range_max: longest range that is measured, m.
        max_invalid: share of invalid beams up to which the others are believed.

    Raises:
        Blind: the scan says nothing.
    """
    ranges = np.asarray(ranges, np.float64)
    if not (0 <= range_min < range_max and math.isfinite(range_min)):
        raise Blind(f"its ranges go from {range_min:g} to {range_max:g} m")
    if not len(ranges):
        raise Blind("it has no beams")
    with np.errstate(over="ignore", invalid="ignore"):
        angles = angle_min + angle_increment * np.arange(len(ranges))
    if not np.isfinite(angles).all() or (angle_increment == 0 and len(ranges) > 1):
        raise Blind(f"its angles begin at {angle_min:g} and grow by {angle_increment:g} rad")
    if not ranges.any():
        raise Blind("all of its ranges are 0")
    invalid = np.isnan(ranges) | (np.isfinite(ranges) & (ranges > range_max))
    share = float(invalid.mean())
    if share > max_invalid:
        raise Blind(f"{share:.0%} of its beams are NaN or beyond range_max, more than {max_invalid:.0%}")
    hidden = _wide_runs(invalid, abs(angle_increment))
    ranges = np.where(hidden, range_min, ranges)
    met = (hidden | ~invalid) & (ranges != math.inf)
    distances, angles = np.maximum(ranges[met], max(range_min, NEAREST)), angles[met]
    return np.stack([distances * np.cos(angles), distances * np.sin(angles)], axis=1)


def _wide_runs(invalid: np.ndarray, increment: float) -> np.ndarray:
    """Mask (n,) bool of the beams that belong to a run of invalid ones that is wider than MAX_HIDDEN."""
    full_circle = (len(invalid) + 1) * increment >= 2 * math.pi
    shift = int(np.argmin(invalid)) if full_circle else 0  # begin with a valid one, so that no run is torn apart
    turned = np.roll(invalid, -shift)
    edges = np.flatnonzero(np.diff(turned, prepend=False, append=False))
    wide = np.zeros_like(invalid)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        wide[begin:end] = (end - begin) * increment > MAX_HIDDEN
    return np.roll(wide, shift)


class StampWatch:
    """Tells new scans from old ones, which a driver that hangs sends again and again."""

    def __init__(self) -> None:
        self._last = -math.inf

    def news(self, stamp: float) -> bool:
        """Return whether a stamp, s, is newer than the one before, or begins anew."""
        if self._last - JUMP <= stamp <= self._last:
            return False
        self._last = stamp
        return True


def too_old(age: float) -> bool:
    """Return whether a scan of this age, s, may tell about what is over; the age by another clock says nothing."""
    return OLDEST < age < FOREIGN_CLOCK
