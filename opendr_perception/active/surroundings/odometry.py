"""Dead reckoning of the robot from its velocity commands: enough for the seconds that an image takes to arrive."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity, wrap

HISTORY = 5.0
"""Seconds that are kept."""
MOST = 4000
"""Turns that are kept, however short they are."""

Point = tuple[float, float]
"""x and y of somewhere on the floor, m, in a frame that stands still."""


@dataclass(frozen=True)
class Place:
    """Of the robot on the floor: x and y in m, yaw in rad, in a frame that stands still."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def after(self, velocity: Velocity, seconds: float) -> Place:
        """Pose of the robot after a short while with a velocity in its own frame; back in time for less than 0."""
        middle = self.yaw + velocity.yaw * seconds / 2
        c, s = math.cos(middle) * seconds, math.sin(middle) * seconds
        x, y = self.x + c * velocity.x - s * velocity.y, self.y + s * velocity.x + c * velocity.y
        return Place(x, y, wrap(self.yaw + velocity.yaw * seconds))

    def point(self, person: PersonPosition) -> Point:
        """Position of a person who is seen from here."""
        angle = self.yaw + person.bearing
        return self.x + person.distance * math.cos(angle), self.y + person.distance * math.sin(angle)

    def see(self, point: Point) -> PersonPosition:
        """Somebody who stands there, seen from here."""
        x, y = point[0] - self.x, point[1] - self.y
        return PersonPosition(math.hypot(x, y), wrap(math.atan2(y, x) - self.yaw))


@dataclass(frozen=True)
class Turn:
    """From a time on, s, the robot had a velocity; the place is where that began."""

    time: float
    place: Place
    velocity: Velocity


class Odometry:
    """Adds up the velocities that were commanded, over the last seconds."""

    def __init__(self) -> None:
        self._time = 0.0
        self._turns = deque([Turn(0.0, Place(), STILL)], maxlen=MOST)

    @property
    def place(self) -> Place:
        """Of the robot now."""
        return self.at(0.0)

    @property
    def velocity(self) -> Velocity:
        """The one that was commanded last."""
        return self._turns[-1].velocity

    def advance(self, seconds: float) -> None:
        """Time goes on, at the velocity that was commanded last."""
        self._time += max(seconds, 0.0)

    def command(self, velocity: Velocity) -> None:
        """From now on the robot has this velocity."""
        self._turns.append(Turn(self._time, self.place, velocity))
        while len(self._turns) > 1 and self._turns[1].time < self._time - HISTORY:
            self._turns.popleft()

    def at(self, ago: float) -> Place:
        """The robot's place some seconds before now; after now, at its present velocity, for less than 0."""
        time = self._time - ago
        turn = next((turn for turn in reversed(self._turns) if turn.time <= time), self._turns[0])
        return turn.place.after(turn.velocity, max(time - turn.time, 0.0))
