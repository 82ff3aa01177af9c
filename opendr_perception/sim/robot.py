"""The simulated robot: its camera, and how it follows commands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ROBOTS = ("holonomic", "differential")
"""Those on the ground."""
FREE = "free"
"""One that also goes up and down, like a drone."""
DEAD_MAN = 0.5
"""s without a command, after which the robot stops by itself."""


@dataclass(frozen=True)
class SimulatedCamera:
    """A camera without distortion, looking ahead."""

    width: int = 640
    height: int = 480
    field_of_view: float = math.radians(60.0)
    """Horizontal, rad."""
    above: float = 1.5
    """m, of the camera above the floor."""
    samples: int = 0
    """Of each pixel, against jagged edges; 0 is the fastest."""

    @property
    def focal(self) -> float:
        """Focal length, pixels."""
        return self.width / 2 / math.tan(self.field_of_view / 2)

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """K, (3, 3), of pixels whose whole numbers are their centres."""
        centre = (self.width - 1) / 2, (self.height - 1) / 2
        return np.array([[self.focal, 0, centre[0]], [0, self.focal, centre[1]], [0, 0, 1]])


@dataclass(frozen=True)
class DriveLimits:
    """Limits of the robot's motors."""

    speed: float = 1.0
    """m/s."""
    turn: float = 2.0
    """rad/s."""
    acceleration: float = 1.5
    """m/s²."""
    turn_acceleration: float = 4.0
    """rad/s²."""


@dataclass(frozen=True)
class Command:
    """Velocity in the robot's own frame, as in geometry_msgs/Twist."""

    forward: float = 0.0
    """m/s."""
    left: float = 0.0
    """m/s; a differential robot ignores it."""
    turn: float = 0.0
    """rad/s, counter-clockwise."""
    up: float = 0.0
    """m/s; only a free robot obeys."""


class Drive:
    """Follows the newest command as fast as the motors allow, and stops when commands cease."""

    def __init__(self, robot: str, limits: DriveLimits) -> None:
        if robot not in (*ROBOTS, FREE):
            raise ValueError(f"there is no robot '{robot}'; the robots are {', '.join((*ROBOTS, FREE))}")
        self._obeyed = np.array([1.0, robot != "differential", robot == FREE])
        self._limits = limits
        self.stop()

    def stop(self) -> None:
        """Stand still at once, and forget the command."""
        self._command = Command()
        self._silence = math.inf
        self._speed: npt.NDArray[np.float64] = np.zeros(3)
        self._turn = 0.0

    def follow(self, command: Command) -> None:
        """Take a command.

        Raises:
            ValueError: it is not finite.
        """
        if not all(map(math.isfinite, (command.forward, command.left, command.turn, command.up))):
            raise ValueError(f"a command must be finite, got {command}")
        self._command, self._silence = command, 0.0

    def advance(self, seconds: float) -> Command:
        """The velocity after some time."""
        limits = self._limits
        wanted = self._command if self._silence < DEAD_MAN else Command()
        self._silence += seconds
        speed = np.array([wanted.forward, wanted.left, wanted.up]) * self._obeyed
        change = _shorten(speed, limits.speed) - self._speed
        self._speed = self._speed + _shorten(change, limits.acceleration * seconds)
        turn = max(-limits.turn, min(limits.turn, wanted.turn))
        most = limits.turn_acceleration * seconds
        self._turn += max(-most, min(most, turn - self._turn))
        forward, left, up = self._speed.tolist()
        return Command(forward, left, self._turn, up)


class SimulatedHead:
    """A pan-tilt head that goes to positions as fast as its motors allow, and holds the last one."""

    RATE = 2.0
    """rad/s, of each joint."""
    PAN, TILT = 1.5, 0.8
    """rad, to either side."""

    def __init__(self) -> None:
        self.pan = self.tilt = 0.0
        """rad: to the left, and downwards."""
        self._goal = (0.0, 0.0)

    def follow(self, pan: float, tilt: float) -> None:
        """Go to positions.

        Raises:
            ValueError: they are not finite.
        """
        if not (math.isfinite(pan) and math.isfinite(tilt)):
            raise ValueError(f"positions of a head must be finite, got {pan}, {tilt}")
        self._goal = max(-self.PAN, min(self.PAN, pan)), max(-self.TILT, min(self.TILT, tilt))

    def advance(self, seconds: float) -> None:
        """Move on for some time."""
        most = self.RATE * seconds
        self.pan += max(-most, min(most, self._goal[0] - self.pan))
        self.tilt += max(-most, min(most, self._goal[1] - self.tilt))

    @property
    def rotation(self) -> npt.NDArray[np.float64]:
        """(3, 3), from the axes of what the head carries (forward, left, up) to those of the robot."""
        (cp, sp), (ct, st) = ((math.cos(angle), math.sin(angle)) for angle in (self.pan, self.tilt))
        pan = np.array([[cp, -sp, 0.0], [sp, cp, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(pan @ np.array([[ct, 0.0, st], [0.0, 1.0, 0.0], [-st, 0.0, ct]]))


def _shorten(vector: npt.NDArray[np.float64], length: float) -> npt.NDArray[np.float64]:
    """The vector, not longer than a length."""
    return np.asarray(vector * min(1.0, length / max(float(np.linalg.norm(vector)), 1e-9)))
