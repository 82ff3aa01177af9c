"""Motion of a head: it looks at a person, follows them with its gaze, or turns to look for somebody.

The frame in which people are placed is that of the head's pan link, so that a head that pans is to the controller what
a robot is that turns on the spot; it never drives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.head import HeadJoints
from opendr_perception.active.control.interlocks import Interlocks
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import GAIN, HeadTurn, Manoeuvre, Order, Refused
from opendr_perception.active.control.pursuit import Pursuit
from opendr_perception.active.control.status import Status, Timeouts
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity

PAN_TILT = "pan_tilt"
"""The kind of motion of robots that look and do not drive."""
CENTRED = 0.04
"""rad beside the middle of the image up to which the head stays."""
DWELL = 1.0
"""Seconds for which a person is looked at until there is something new to see."""
LONGEST = 6.0
"""Seconds after which a person who never stands still has been looked at."""
DISOBEDIENT = 1.0
"""Seconds for which a head may be behind its command."""
NOBODY = PersonPosition(1.0, 0.0)
NOTHING = np.zeros((0, 2))


class HeadController(MotionController):
    """Turns a head, with the watchdog of a robot that drives.

    Args:
        joints: of the head.
        limits: `max_angular` and `max_angular_acceleration` hold for both joints.
        timeouts: after which it stops.
        interlocks: as those of a robot.
    """

    def __init__(
        self, joints: HeadJoints, limits: Limits, timeouts: Timeouts, interlocks: Interlocks | None = None
    ) -> None:
        super().__init__(PAN_TILT, limits, timeouts, interlocks=interlocks)
        self.joints = joints
        self.above = 0.0
        """Elevation of who is looked at above the middle of the newest image, rad."""
        self._began = 0.0
        self._behind_since: float | None = None

    def move(self, move: Order, now: float, within: float = math.inf) -> None:
        """Begin to look at the person (for a while, or for as long as they are followed), or to turn.

        Raises:
            Refused: nothing of that is possible.
        """
        if isinstance(move, HeadTurn):
            manoeuvre: Manoeuvre = Sweep(move, self.joints)
        elif isinstance(move, Pursuit) or move.aim:
            manoeuvre = Aim(self, endless=isinstance(move, Pursuit))
        else:
            raise Refused("a head cannot go around anybody")
        if missing := self.interlocks.reason or self._lacking(manoeuvre, now):
            raise Refused(missing)
        self._manoeuvre, self._began, self._behind_since = manoeuvre, now, None
        self.status, self.reason, self._held_since = Status.MOVING, "", None

    def _lacking(self, manoeuvre: Manoeuvre, now: float) -> str:
        """Reason for which the head must not turn now; '' for none."""
        limit = self.timeouts.command
        if self.joints.measured is None:
            return "joint_states does not tell where the head is"
        if not now - self.joints.seen <= limit:
            return f"joint_states has told nothing of the head for {limit:g} s"
        if isinstance(manoeuvre, Sweep):
            return "" if now - self._imaged <= limit else self.problem or f"no image came for {limit:g} s"
        return self._missing(now) if self.person is not None else self.problem or "nobody is seen"

    def _drive(self, manoeuvre: Manoeuvre, now: float, seconds: float) -> Velocity:
        if missing := self.interlocks.reason or self._lacking(manoeuvre, now):
            return self._hold(Status.LOST, missing, now, self._limiter.stop())
        if self._disobeys(now):
            self._end(Status.HALTED, "the head does not do as it is told")
            return STILL
        self.status, self._held_since = Status.MOVING, None
        wanted = manoeuvre.wanted(self.person or NOBODY)
        possible = self.joints.possible(wanted or STILL, self.limits.max_angular_acceleration)
        velocity = self._limiter.limit(possible, (), NOTHING, seconds)
        self.above += velocity.pitch * seconds
        if isinstance(manoeuvre, Aim) and manoeuvre.endless:
            return velocity
        lasted = now - self._began
        rests = velocity == STILL and possible == STILL
        if lasted > LONGEST or (rests and (isinstance(manoeuvre, Sweep) or lasted >= DWELL)):
            self._end(Status.ARRIVED, "")
            return STILL
        return velocity

    def _disobeys(self, now: float) -> bool:
        if not self.joints.lagging:
            self._behind_since = None
            return False
        self._behind_since = now if self._behind_since is None else self._behind_since
        return now - self._behind_since > DISOBEDIENT


@dataclass(frozen=True, eq=False)
class Aim:
    """To bring a person into the middle of the image, and keep them there."""

    controller: HeadController
    endless: bool

    def wanted(self, person: PersonPosition) -> Velocity | None:
        above = self.controller.above
        yaw = GAIN * person.bearing if abs(person.bearing) > CENTRED else 0.0
        pitch = -GAIN * above if abs(above) > CENTRED else 0.0
        return Velocity(yaw=yaw, pitch=pitch) if yaw or pitch else None

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        """Nothing is counted: what is seen says where they are."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """To a position of the pan joint."""

    turn: HeadTurn
    joints: HeadJoints

    def wanted(self, person: PersonPosition) -> Velocity | None:
        here = self.joints.measured
        left = self.turn.pan - here.pan if here is not None else 0.0
        return Velocity(yaw=2 * GAIN * left) if abs(left) > CENTRED else None

    def moved(self, person: PersonPosition, velocity: Velocity, seconds: float) -> None:
        """Nothing is counted: the joint says where it is."""
