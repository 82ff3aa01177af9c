"""A pan-tilt head: positions for its joints that are never far from where they are, nor outside of their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opendr_perception.active.surroundings import Velocity

LAG = 0.15
"""rad that a commanded position is at most away from the measured one, so that a stop is a stop."""
SLOWING = 0.7
"""Part of the allowed deceleration with which the end of a range is approached."""


@dataclass(frozen=True)
class PanTilt:
    """Positions of the joints, rad: pan to the left, tilt downwards (REP 103)."""

    pan: float
    tilt: float

    @property
    def finite(self) -> bool:
        return math.isfinite(self.pan) and math.isfinite(self.tilt)


@dataclass(frozen=True)
class HeadRange:
    """Ranges of the joints, rad.

    Raises:
        ValueError: a range is none.
    """

    pan: tuple[float, float] = (-1.3, 1.3)
    tilt: tuple[float, float] = (-0.6, 0.6)

    def __post_init__(self) -> None:
        for name, ends in (("pan", self.pan), ("tilt", self.tilt)):
            if len(ends) != 2 or not all(map(math.isfinite, ends)) or not ends[0] < ends[1]:
                raise ValueError(f"the range of {name} must be [least, largest], rad, got {list(ends)}")


class HeadJoints:
    """Positions of the joints, measured and commanded. It knows no clock.

    Args:
        range_: of both.
    """

    def __init__(self, range_: HeadRange) -> None:
        self.range = range_
        self.measured: PanTilt | None = None
        """None until somebody has said so."""
        self.seen = -math.inf
        """Time of that, s."""
        self._commanded: PanTilt | None = None

    def take(self, pose: PanTilt, now: float) -> None:
        """Take note of a measurement, at a time in s."""
        if pose.finite:
            self.measured, self.seen = pose, now

    def release(self) -> None:
        """Somebody else may have moved the head: the next command begins where it is measured."""
        self._commanded = None

    def advance(self, velocity: Velocity, seconds: float) -> PanTilt | None:
        """The positions to command after so long with a velocity; None while nobody knows where the head is."""
        if self.measured is None:
            return None
        last = self._commanded or self.measured
        self._commanded = PanTilt(
            _advanced(last.pan, self.measured.pan, velocity.yaw * seconds, self.range.pan),
            _advanced(last.tilt, self.measured.tilt, velocity.pitch * seconds, self.range.tilt),
        )
        return self._commanded

    @property
    def lagging(self) -> bool:
        """True if the head is so far behind its command that it must not go on."""
        if self.measured is None or self._commanded is None:
            return False
        behind = self._commanded.pan - self.measured.pan, self._commanded.tilt - self.measured.tilt
        return max(map(abs, behind)) > 0.95 * LAG

    def possible(self, velocity: Velocity, acceleration: float) -> Velocity:
        """As much of a velocity as lets each joint stop at the end of its range, at a deceleration in rad/s²."""
        here = self._commanded or self.measured
        if here is None:
            return Velocity()
        yaw = _braked(velocity.yaw, here.pan, self.range.pan, SLOWING * acceleration)
        pitch = _braked(velocity.pitch, here.tilt, self.range.tilt, SLOWING * acceleration)
        return Velocity(yaw=yaw, pitch=pitch)


def _advanced(last: float, measured: float, change: float, range_: tuple[float, float]) -> float:
    """The next position: not farther outside of its range than the joint is, nor far from it."""
    least, largest = min(range_[0], measured), max(range_[1], measured)
    return max(min(last + change, measured + LAG, largest), measured - LAG, least)


def _braked(speed: float, here: float, range_: tuple[float, float], deceleration: float) -> float:
    room = range_[1] - here if speed > 0 else here - range_[0]
    if room < 0.01:
        return 0.0
    return math.copysign(min(abs(speed), math.sqrt(2 * deceleration * room)), speed)
