"""Motion of a robot that goes up and down too, like a drone, between two heights: in simulation only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.interlocks import Interlocks
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import ARRIVED, BRAKING, FREE
from opendr_perception.active.control.status import Timeouts
from opendr_perception.active.surroundings import Velocity


@dataclass(frozen=True)
class HeightRange:
    """Least and largest height of the robot above where it began, m.

    Raises:
        ValueError: it is none.
    """

    least: float = -0.5
    largest: float = 0.8

    def __post_init__(self) -> None:
        if not (math.isfinite(self.least) and math.isfinite(self.largest) and self.least < self.largest):
            raise ValueError(f"heights must be [least, largest], m, got [{self.least:g}, {self.largest:g}]")


class FlightController(MotionController):
    """Drives as a holonomic robot, and rises and sinks within a range; it stands while nobody knows how high it is.

    Args:
        limits: of the robot; `max_linear` and `max_acceleration` hold in space.
        timeouts: after which it stands still.
        half_view: as that of a robot on the ground.
        interlocks: what forbids motion.
        require_scan: as that of a robot on the ground.
        heights: between which it stays.
    """

    def __init__(
        self,
        limits: Limits,
        timeouts: Timeouts,
        half_view: float = math.radians(25),
        interlocks: Interlocks | None = None,
        require_scan: bool = False,
        heights: HeightRange | None = None,
    ) -> None:
        super().__init__(FREE, limits, timeouts, half_view, interlocks, require_scan)
        self.heights = heights or HeightRange()
        self.height: float | None = None
        """m, as it was measured last; None until then."""
        self._measured = -math.inf

    def climbed(self, now: float, height: float) -> None:
        """Take note of a measured height, m, at a time in s of the clock that `observe` is given too."""
        if math.isfinite(height):
            self.height, self._measured = height, now

    def _missing(self, now: float) -> str:
        if reason := super()._missing(now):
            return reason
        if self.height is None:
            return "odom does not tell how high the robot is"
        if not now - self._measured <= self.timeouts.command:
            return f"odom has not told how high the robot is for {self.timeouts.command:g} s"
        return ""

    def _possible(self, wanted: Velocity | None) -> Velocity | None:
        """As much of a velocity as lets it stop at the end of its heights; None where it is there."""
        if wanted is None or not wanted.z or self.height is None:
            return wanted
        room = self.heights.largest - self.height if wanted.z > 0 else self.height - self.heights.least
        most = math.sqrt(2 * BRAKING * self.limits.max_acceleration * max(room, 0.0))
        possible = replace(wanted, z=math.copysign(min(abs(wanted.z), most), wanted.z))
        return None if room < ARRIVED and not (wanted.x or wanted.y) else possible
