"""Following a person: at a distance, with them to one side, for as long as they are seen.

The robot never backs away from who comes nearer: it stands, and turns. All limits are those of every other manoeuvre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity, wrap

GAIN = 1.0
"""Of the distance, 1/s."""
TURN_GAIN = 1.5
"""Of the bearing, 1/s."""
SLACK = 0.2
"""Metres beyond the distance at which the robot sets off: who shifts from foot to foot does not move it."""
AIMED = 0.35
"""rad of bearing error up to which it drives while it turns."""
CALM = 0.03
"""rad of bearing error below which it does not turn."""
ROOM = 0.1
"""Metres beyond the stand-off below which it does not even turn: it stands and waits."""


@dataclass(frozen=True)
class Pursuit:
    """Way of following somebody.

    Args:
        distance: that is kept from the robot's edge, m.
        side: bearing at which the person is kept, rad; positive to the left, so that the robot goes on their right.
        travel: length of the way after which it ends, m.

    Raises:
        ValueError: that is no way to follow.
    """

    distance: float = 1.5
    side: float = 0.0
    travel: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.distance) and self.distance > 0 and abs(self.side) <= math.pi / 3):
            raise ValueError(f"nobody can be followed at {self.distance:g} m, {self.side:g} rad to the side")

    def check(self, limits: Limits, half_view: float = math.pi / 2) -> None:
        """Raise ValueError where a robot cannot follow like that, or the person would leave its view."""
        if self.distance < limits.min_distance + SLACK:
            raise ValueError(
                f"a follow_distance of {self.distance:g} m is nearer than min_distance, {limits.min_distance:g} m, and "
                f"{SLACK:g} m"
            )
        if abs(self.side) > 0.6 * half_view:
            raise ValueError(
                f"a follow_side of {self.side:g} rad is too near to the border of the view, {half_view:.2f} rad"
            )


class Follow:
    """The manoeuvre: towards the person while they are too far away, with them at their side of the view.

    It ends when the way is as long as allowed; losing sight of the person ends it from outside.
    """

    def __init__(self, pursuit: Pursuit, limits: Limits) -> None:
        self._pursuit, self._limits = pursuit, limits
        self._left, self._goes = pursuit.travel, False

    def wanted(self, person: PersonPosition) -> Velocity | None:
        if self._left <= 0:
            return None
        if person.distance <= self._limits.stand_off + ROOM:
            self._goes = False
            return STILL
        error = wrap(person.bearing - self._pursuit.side)
        excess = person.distance - self._limits.robot_radius - self._pursuit.distance
        self._goes = excess > (0.0 if self._goes else SLACK)
        turn = TURN_GAIN * error if abs(error) > CALM or self._goes else 0.0
        aimed = max(0.0, 1 - (error / AIMED) ** 2)
        return Velocity(x=self._speed(excess) * aimed if self._goes else 0.0, yaw=turn)

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._left -= velocity.speed * seconds

    def _speed(self, excess: float) -> float:
        return min(self._limits.max_linear, GAIN * excess, math.sqrt(self._limits.max_acceleration * excess))
