"""Comparison of commanded with measured velocities of the base."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.surroundings import STILL, Velocity

WINDOW, FULL = 2.0, 1.5
"""Seconds that are compared at most, and at least before a base that is behind is judged; some start late."""
SHORTEST = np.array([0.1, 0.1, 0.25])
"""m, m, rad; ways below are no evidence."""
FOLLOWED = 0.3
"""Part of the commanded way that a base must have made."""
STOPPING = 1.0
"""Seconds that a base has to come to rest."""
MOVING, TURNING = 0.05, 0.15
"""m/s and rad/s from which on a base moves; odometry is never quite still."""
GAP = 0.5
"""Seconds between two messages from which on nothing is known of the time between."""


@dataclass(frozen=True)
class FollowingCheck:
    """Fault of the base.

    Args:
        reason: '' when nothing is.
        moves: the base moves without being told to, and must be waited for.
        fault: the base is broken; else somebody else may be driving it.
        proved: the base has done as it was told for a while.
    """

    reason: str = ""
    moves: bool = False
    fault: bool = False
    proved: bool = False


class Following:
    """Compares what was commanded with what odometry measures."""

    def __init__(self) -> None:
        self._stamp = -math.inf
        self._samples: deque[tuple[float, np.ndarray, np.ndarray]] = deque(maxlen=2000)
        self._still = math.inf
        self._rested = True
        self._moved = 0.0

    def take(self, stamp: float, commanded: Velocity, measured: Velocity) -> FollowingCheck:
        """Judge by one message of odometry.

        Args:
            stamp: of the message, s.
            commanded: what the base was told last; zero when it was told nothing.
            measured: in the base's frame.
        """
        seconds, self._stamp = stamp - self._stamp, stamp
        if not (0 < seconds <= GAP and measured.finite):
            self._samples.clear()
            self._moved = 0.0
            return FollowingCheck()
        self._still = 0.0 if commanded != STILL else self._still + seconds
        moves = measured.speed > MOVING or abs(measured.yaw) > TURNING
        self._moved = self._moved + seconds if moves else 0.0
        self._rested = commanded == STILL and (self._rested or not moves)
        return self._disobeys(stamp, seconds, commanded, measured) if commanded != STILL else self._runs_away(measured)

    def _runs_away(self, measured: Velocity) -> FollowingCheck:
        self._samples.clear()
        if self._still < STOPPING or self._moved < STOPPING / 2:
            return FollowingCheck()
        if not self._rested:  # it has never stopped since the last command, so it is ours
            text = f"the base moves at {measured.speed:.2f} m/s and {measured.yaw:.2f} rad/s though zero is commanded"
            return FollowingCheck(f"{text} (odom)", moves=True, fault=True)
        return FollowingCheck("the base is moved by somebody else (odom)", moves=True)

    def _disobeys(self, stamp: float, seconds: float, commanded: Velocity, measured: Velocity) -> FollowingCheck:
        told, made = (seconds * np.array([v.x, v.y, v.yaw]) for v in (commanded, measured))
        self._samples.append((stamp, told, made))
        while stamp - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        long = stamp - self._samples[0][0] >= FULL
        told = np.sum([sample[1] for sample in self._samples], axis=0)
        made = np.sum([sample[2] for sample in self._samples], axis=0)
        judged = False
        for unit, part in (("m", slice(0, 2)), ("rad", slice(2, 3))):
            way, least = float(np.linalg.norm(told[part])), float(SHORTEST[part][0])
            if way < least:
                continue
            judged = long
            along = float(told[part] @ made[part]) / way
            behind = long and along < FOLLOWED * way
            if behind or along < -least / 2 or along > 2 * way + least:
                text = f"the base does not follow: {along:.2f} {unit} of {way:.2f} {unit} commanded (odom)"
                return FollowingCheck(text, fault=True)
        return FollowingCheck(proved=judged)
