"""Safety limiter for velocity commands: nothing that breaks a limit passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.control.separation import REACTION, exposed_speed, separation_share
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity

CREEPING = 0.02
"""Part of the wanted velocity below which it is better to stand still."""
REDUCED_SPEED = 0.25
"""m/s, near people (ISO 10218-1:2011, 5.6.2). Whoever wants more must say so."""
EXCESS = 0.1
"""m/s above what the distance to a person allows at which the robot stops at once; below, it brakes as it would anyway.
Measured distances jump by some percent, which must not stop it."""
BESIDE = 0.05
"""m beside the robot's edge in which an obstacle is in its way."""


@dataclass(frozen=True)
class Limits:
    """Limits of the robot's motion.

    Args:
        max_linear: m/s over ground.
        max_angular: rad/s.
        max_acceleration: m/s². A stop for safety is immediate: the base brakes as hard as it can.
        max_angular_acceleration: rad/s².
        min_distance: between the robot's edge and any person, m.
        clearance: that is kept between the robot's edge and an obstacle, m.
        robot_radius: m.
        creep_speed: that is allowed beside a person at every distance from `min_distance` on, m/s.
    """

    max_linear: float = 0.25
    max_angular: float = 0.6
    max_acceleration: float = 0.3
    max_angular_acceleration: float = 1.5
    min_distance: float = 0.9
    clearance: float = 0.3
    robot_radius: float = 0.25
    creep_speed: float = 0.1

    @property
    def stand_off(self) -> float:
        """Least distance between the robot's centre, from where people are placed, and any person, m."""
        return self.robot_radius + self.min_distance


class VelocityLimiter:
    """Turns the velocity that somebody wants into one that is allowed, from what was commanded before.

    Speed and acceleration are limited by scaling, so that the robot stays on its path. Beside people it slows down with
    the distance (see `separation`). Towards a person or an obstacle it may only be so fast that it could still brake;
    if it already is faster, it stops at once.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.last = STILL

    def stop(self) -> Velocity:
        """Stand still now."""
        self.last = STILL
        return STILL

    def limit(
        self, wanted: Velocity, people: Sequence[PersonPosition], obstacles: np.ndarray, seconds: float
    ) -> Velocity:
        """The velocity to command.

        Args:
            wanted: what a manoeuvre asks for. Anything that is not finite stops the robot.
            people: everybody who is seen.
            obstacles: (n, 2) float, points of obstacles in the robot's frame, m.
            seconds: since the last command.
        """
        if not wanted.finite or not (math.isfinite(seconds) and seconds >= 0):
            return self.stop()
        wanted = self._within_speed(wanted)
        allowed = self._approach(wanted.scaled(self._separated(wanted, people)), seconds)
        if self._exceeds(allowed, people):
            return self.stop()
        share = self._share(allowed, people, obstacles)
        if share < CREEPING:
            return self.stop()
        if share < 1:
            slower = allowed.scaled(share)
            change = math.hypot(slower.x - self.last.x, slower.y - self.last.y, slower.z - self.last.z)
            turn = max(abs(slower.yaw - self.last.yaw), abs(slower.pitch - self.last.pitch))
            limits = self.limits
            if change > limits.max_acceleration * seconds or turn > limits.max_angular_acceleration * seconds:
                return self.stop()
            allowed = slower
        self.last = allowed
        return allowed

    def _within_speed(self, wanted: Velocity) -> Velocity:
        turning = max(abs(wanted.yaw), abs(wanted.pitch))
        excess = max(wanted.speed / self.limits.max_linear, turning / self.limits.max_angular, 1.0)
        return wanted.scaled(1 / excess)

    def _approach(self, wanted: Velocity, seconds: float) -> Velocity:
        """As far from the last velocity towards this one as the accelerations allow."""
        last, limits = self.last, self.limits
        x, y, z = wanted.x - last.x, wanted.y - last.y, wanted.z - last.z
        yaw, pitch = wanted.yaw - last.yaw, wanted.pitch - last.pitch
        linear, angular = limits.max_acceleration * seconds, limits.max_angular_acceleration * seconds
        share = min(1.0, _ratio(linear, math.hypot(x, y, z)), _ratio(angular, max(abs(yaw), abs(pitch))))
        return Velocity(
            last.x + share * x,
            last.y + share * y,
            last.yaw + share * yaw,
            last.pitch + share * pitch,
            last.z + share * z,
        )

    def _separated(self, velocity: Velocity, people: Sequence[PersonPosition]) -> float:
        """Share of a velocity that keeps the protective distance to everybody, in (0, 1]."""
        limits = self.limits
        brake, creep = limits.max_acceleration, limits.creep_speed
        shares = (separation_share(velocity, person, limits.robot_radius, brake, creep) for person in people)
        return min(shares, default=1.0)

    def _exceeds(self, velocity: Velocity, people: Sequence[PersonPosition]) -> bool:
        """True if somebody is much too near for a velocity."""
        return any(
            exposed_speed(velocity, person) * (1 - self._separated(velocity, [person])) > EXCESS for person in people
        )

    def _share(self, velocity: Velocity, people: Sequence[PersonPosition], obstacles: np.ndarray) -> float:
        """Safe share of a velocity, in [0, 1]."""
        share = 1.0
        for person in people:
            closing = person.closing_speed(velocity)
            if person.distance <= self.limits.stand_off and closing >= 0:
                return 0.0
            share = min(share, _ratio(self._braking_speed(person.distance - self.limits.stand_off), closing))
        if len(obstacles) and (over_ground := math.hypot(velocity.x, velocity.y)) > 0:
            gap = self._gap(velocity, obstacles)
            share = min(share, _ratio(self._braking_speed(gap - self.limits.clearance), over_ground))
        return share

    def _gap(self, velocity: Velocity, obstacles: np.ndarray) -> float:
        """From the robot's edge to the nearest obstacle in the strip that it is about to sweep, m."""
        direction = np.array([velocity.x, velocity.y]) / math.hypot(velocity.x, velocity.y)
        ahead = obstacles @ direction
        aside = np.abs(obstacles @ np.array([-direction[1], direction[0]]))
        in_way = (ahead > 0) & (aside < self.limits.robot_radius + BESIDE)
        distances = np.hypot(*obstacles[in_way].T)
        return float(distances.min(initial=math.inf)) - self.limits.robot_radius

    def _braking_speed(self, distance: float) -> float:
        """From which the robot comes to rest within a distance, when it reacts late."""
        head_start = self.limits.max_acceleration * REACTION
        return math.sqrt(head_start**2 + 2 * self.limits.max_acceleration * max(distance, 0.0)) - head_start


def _ratio(allowed: float, value: float) -> float:
    return allowed / value if value > allowed else 1.0
