"""Manoeuvres: the velocity that a robot needs now to get to another view of a person, always facing them.

Both kinds of robots keep the person in the image all the time, so that every manoeuvre is controlled by what is seen,
and losing sight of the person is always a fault. A holonomic robot goes sideways on the circle around the person. A
differential one cannot; it swings like a car that parks: forwards with the person a little to one side, then backwards
with the person a little to the other. It is then at its old distance, and was never farther away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.pursuit import Follow, Pursuit
from opendr_perception.active.surroundings import PersonPosition, Velocity

ROBOTS = ("holonomic", "differential")
FREE = "free"
"""The kind of motion of a robot that also goes up and down, like a drone: in simulation only."""
GAIN = 1.5
"""Of the control of the bearing, 1/s."""
BRAKING = 0.7
"""Part of the allowed deceleration that is planned with; the rest is for errors."""
ARRIVED = 0.01
"""Metres from the goal at which the last braking begins."""
AIMED = 0.05
"""Bearing error, rad, up to which a differential robot drives."""


@dataclass(frozen=True)
class Move:
    """A change of view: towards the person or away, then around them.

    Args:
        pan: how far to go around the person, rad; positive to the robot's own right.
        advance: how far to go towards the person, m; negative backwards.
        aim: instead, only look at them for a while, until there is something new to see; what a head can do.
        rise: how far to go up, m; negative down. Only robots that fly can.
        before: how far to go around the person before going towards them, past what is in the way, rad.
    """

    pan: float = 0.0
    advance: float = 0.0
    aim: bool = False
    rise: float = 0.0
    before: float = 0.0

    def length(self, distance: float) -> float:
        """Of the way at this distance of the person, m."""
        around = abs(self.before) * distance + abs(self.pan) * max(distance - self.advance, 0.0)
        return abs(self.advance) + around + abs(self.rise)


@dataclass(frozen=True)
class HeadTurn:
    """A turn of a head to a position of its pan joint, rad, whoever is seen."""

    pan: float


Order = Move | Pursuit | HeadTurn
"""Tasks of a controller."""


class Manoeuvre(Protocol):
    """One move under way."""

    def wanted(self, person: PersonPosition) -> Velocity | None:
        """The velocity that is wanted now; None when the goal is reached."""
        ...

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        """Take note of what was commanded."""
        ...


class Refused(ValueError):
    """A move cannot be made; the text says why."""


def plan(robot: str, move: Order, person: PersonPosition, limits: Limits, half_view: float) -> Manoeuvre:
    """Plan a move.

    Args:
        robot: holonomic, differential, or free.
        move: change of view to make, or how to follow them.
        person: where they are now.
        limits: of the robot.
        half_view: half of the camera's horizontal field of view, rad.

    Raises:
        Refused: the robot cannot make this move here.
        ValueError: there is no such robot, or the move is none.
    """
    if robot not in (*ROBOTS, FREE):
        raise ValueError(f"motion must be one of {', '.join((*ROBOTS, FREE))}, got '{robot}'")
    if isinstance(move, Pursuit):
        try:
            move.check(limits, half_view)
        except ValueError as error:
            raise Refused(str(error)) from error
        return Follow(move, limits)
    if isinstance(move, HeadTurn) or move.aim:
        raise Refused("only a head turns without driving")
    if move.rise and robot != FREE:
        raise Refused("only a robot that flies goes up or down")
    if not all(map(math.isfinite, (move.pan, move.advance, move.rise, move.before))) or move == Move():
        raise ValueError(f"a move goes around the person or towards them, got {move}")
    room = person.distance - limits.stand_off
    if room <= 0 and move.advance >= 0:
        gap = person.distance - limits.robot_radius
        raise Refused(f"the person is {gap:.2f} m from the robot's edge, nearer than {limits.min_distance:g} m")

    def around(pan: float) -> Manoeuvre:
        return ReversingArc(pan, person, limits, half_view) if robot == "differential" else Arc(pan, limits)

    # One after the other: up or down, past what is in the way, towards the person, around them.
    first: Manoeuvre
    if move.rise:
        first, rest = Rise(move.rise, limits), replace(move, rise=0.0)
    elif move.before:
        first, rest = around(move.before), replace(move, before=0.0)
    elif move.advance:
        first, rest = Advance(min(move.advance, max(room, ARRIVED)), limits), replace(move, advance=0.0)
    else:
        return around(move.pan)
    if rest == Move():
        return first
    return ManoeuvreSequence(first, lambda there: plan(robot, rest, there, limits, half_view))


class ManoeuvreSequence:
    """One manoeuvre after another, which is planned from where the first one ends."""

    def __init__(self, first: Manoeuvre, then: Callable[[PersonPosition], Manoeuvre]) -> None:
        self._now = first
        self._then: Callable[[PersonPosition], Manoeuvre] | None = then

    def wanted(self, person: PersonPosition) -> Velocity | None:
        velocity = self._now.wanted(person)
        if velocity is not None or self._then is None:
            return velocity
        then, self._then = self._then, None
        try:
            self._now = then(person)
        except Refused:  # there is no room for it; what could be done is done
            return None
        return self._now.wanted(person)

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._now.moved(person, velocity, seconds)


class Advance:
    """Straight towards the person, or away."""

    def __init__(self, distance: float, limits: Limits) -> None:
        self._sense, self._left, self._limits = math.copysign(1, distance), abs(distance), limits

    def wanted(self, person: PersonPosition) -> Velocity | None:
        if self._left < ARRIVED:
            return None
        return Velocity(x=self._sense * _speed(self._left, self._limits), yaw=GAIN * person.bearing)

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._left -= self._sense * person.closing_speed(velocity) * seconds


class Rise:
    """Straight up or down, facing the person; for robots that fly."""

    def __init__(self, rise: float, limits: Limits) -> None:
        self._sense, self._left, self._limits = math.copysign(1, rise), abs(rise), limits

    def wanted(self, person: PersonPosition) -> Velocity | None:
        if self._left < ARRIVED:
            return None
        return Velocity(yaw=GAIN * person.bearing, z=self._sense * _speed(self._left, self._limits))

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._left -= self._sense * velocity.z * seconds


class Arc:
    """Sideways on the circle around the person; for holonomic robots."""

    def __init__(self, pan: float, limits: Limits) -> None:
        self._sense, self._left, self._limits = math.copysign(1, pan), abs(pan), limits

    def wanted(self, person: PersonPosition) -> Velocity | None:
        way = self._left * person.distance
        if way < ARRIVED:
            return None
        speed = self._sense * _speed(way, self._limits)
        # Across the line of sight, so that the distance stays whatever the bearing is.
        x, y = speed * math.sin(person.bearing), -speed * math.cos(person.bearing)
        return Velocity(x, y, speed / person.distance + GAIN * person.bearing)

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._left -= self._sense * person.pan_rate(velocity) * seconds


class ReversingArc:
    """Forwards past one side of the person, then backwards past the other; for differential robots."""

    def __init__(self, pan: float, person: PersonPosition, limits: Limits, half_view: float) -> None:
        self._sense, self._left, self._limits = math.copysign(1, pan), abs(pan), limits
        self._start = person.distance
        self._bearing = min(math.radians(30), 0.6 * half_view)
        room = person.distance - limits.stand_off - 2 * ARRIVED
        wanted = abs(pan) * person.distance / 2 / math.tan(self._bearing)
        self._depth = min(wanted, room)
        if self._depth < 3 * ARRIVED:
            raise Refused(
                f"there is no room to swing between {person.distance:.2f} m and {limits.stand_off:g} m from the "
                "robot's centre"
            )
        self._forwards = True

    def wanted(self, person: PersonPosition) -> Velocity | None:
        if self._left * person.distance < ARRIVED:
            return self._withdraw(person)
        aim = self._sense * (self._bearing if self._forwards else -self._bearing)
        left = person.distance - self._start + self._depth if self._forwards else self._start - person.distance
        if left < ARRIVED:
            self._forwards = not self._forwards
            return Velocity()
        return self._along(person, aim, left if self._forwards else -left)

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        self._left -= self._sense * person.pan_rate(velocity) * seconds

    def _withdraw(self, person: PersonPosition) -> Velocity | None:
        """Back to the old distance, and face the person."""
        if (left := self._start - person.distance) > 2 * ARRIVED:
            return self._along(person, 0.0, -left)
        return None if abs(person.bearing) < AIMED else Velocity(yaw=GAIN * person.bearing)

    def _along(self, person: PersonPosition, aim: float, way: float) -> Velocity:
        """Drive with the person at this bearing, forwards or backwards by the sign of the way; first turn there."""
        error = person.bearing - aim
        speed = _speed(abs(way), self._limits) * max(0.0, 1 - (error / AIMED) ** 2)
        straight = Velocity(x=math.copysign(speed, way))
        return Velocity(straight.x, 0.0, person.pan_rate(straight) + GAIN * error)


def _speed(way: float, limits: Limits) -> float:
    return min(limits.max_linear, math.sqrt(2 * BRAKING * limits.max_acceleration * way))
