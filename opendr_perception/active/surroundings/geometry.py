"""Position of a person relative to the robot, and its change when the robot moves.

The robot's frame is that of REP 103: x forward, y left, counter-clockwise positive. *Pan* is the azimuth of the camera
around the person, counter-clockwise seen from above: when the robot goes to its own right, pan grows, and in the
image the nose moves to the left of the eyes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Velocity:
    """Of the robot in its own frame: x forward, y left and, of one that flies, z up in m/s; yaw in rad/s; pitch, rad/s
    downwards, of a head.
    """

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    z: float = 0.0

    @property
    def speed(self) -> float:
        """m/s; over ground, but for a robot that flies."""
        return math.hypot(self.x, self.y, self.z)

    @property
    def finite(self) -> bool:
        return all(map(math.isfinite, (self.x, self.y, self.yaw, self.pitch, self.z)))

    def scaled(self, factor: float) -> Velocity:
        return Velocity(self.x * factor, self.y * factor, self.yaw * factor, self.pitch * factor, self.z * factor)


STILL = Velocity()


@dataclass(frozen=True)
class PersonPosition:
    """Somebody's place on the floor, seen from the robot.

    Args:
        distance: in metres.
        bearing: to the left of the robot's x axis, in radians.
    """

    distance: float
    bearing: float

    def closing_speed(self, velocity: Velocity) -> float:
        """Speed at which the robot approaches, m/s."""
        return velocity.x * math.cos(self.bearing) + velocity.y * math.sin(self.bearing)

    def pan_rate(self, velocity: Velocity) -> float:
        """Speed at which the robot goes around the person, rad/s."""
        across = velocity.x * math.sin(self.bearing) - velocity.y * math.cos(self.bearing)
        return across / max(self.distance, 0.05)


def wrap(angle: float) -> float:
    """The same angle in [-π, π)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
