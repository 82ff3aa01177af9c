"""Motion of a person: a Kalman filter of constant velocity over the positions of single images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.fusion.sight import Floats, Mount, PersonLocation, PositionSource
from opendr_perception.tasks.fusion.space.locating import Fix

ACCELERATION = 1.0
"""m/s², of people who walk, by standard deviation."""
FIRST_SPEED = 1.0
"""m/s, by standard deviation, of somebody who is seen for the first time."""
LEAP = 4.0
"""Standard deviations from which on somebody is not where they can be, and is believed anew."""
LONGEST = 3.0
"""Seconds without a position after which the past is forgotten."""


@dataclass(frozen=True, eq=False)
class MotionEstimate:
    """Estimate of the position and velocity of a person.

    Args:
        frame: in which.
        time: of the last position, s.
        mean: (6,) position, m, and velocity, m/s.
        spread: (6, 6) its covariance, by what differs from image to image.
        bias: (3, 3) covariance of what stays wrong of the position, m².
        source: of the last position.
    """

    frame: str
    time: float
    mean: Floats
    spread: Floats
    bias: Floats
    source: PositionSource

    def at(self, time: float) -> MotionEstimate:
        """The prediction for a later time, s, at constant velocity."""
        dt = max(time - self.time, 0.0)
        step = np.eye(6)
        step[:3, 3:] = dt * np.eye(3)
        push = np.concatenate([0.5 * dt * dt * np.eye(3), dt * np.eye(3)]) * ACCELERATION
        spread = step @ self.spread @ step.T + push @ push.T
        return MotionEstimate(self.frame, self.time + dt, step @ self.mean, spread, self.bias, self.source)

    def place(self) -> PersonLocation:
        """Position, covariance and velocity."""
        return PersonLocation(self.mean[:3].copy(), self.spread[:3, :3] + self.bias, self.mean[3:].copy(), self.source)


def follow(before: MotionEstimate | None, fix: Fix, mount: Mount, frame: str, time: float) -> MotionEstimate:
    """Take note of where somebody is in the next image.

    Args:
        before: None when nothing is known.
        fix: in the camera's axes.
        mount: of the camera in the frame.
        frame: name of the frame.
        time: s.
    """
    point = mount.apply(fix.point)
    noise = mount.rotation @ fix.noise @ mount.rotation.T
    bias = mount.rotation @ fix.bias @ mount.rotation.T
    if before is None or before.frame != frame or not 0 <= time - before.time <= LONGEST:
        return _begin(point, noise, bias, fix.source, frame, time)
    known = before.at(time)
    away = point - known.mean[:3]
    expected = known.spread[:3, :3] + noise
    leapt = away @ np.linalg.solve(expected + known.bias + bias, away) > LEAP**2
    if leapt or before.source != fix.source:
        begun = _begin(point, noise, bias, fix.source, frame, time)
        if leapt:
            return begun
        begun.mean[3:] = known.mean[3:]
        begun.spread[3:, 3:] = known.spread[3:, 3:]
        return begun
    gain = np.linalg.solve(expected, known.spread[:3]).T
    mean = known.mean + gain @ away
    spread = known.spread - gain @ known.spread[:3]
    return MotionEstimate(frame, time, mean, (spread + spread.T) / 2, bias, fix.source)


def _begin(
    point: Floats, noise: Floats, bias: Floats, source: PositionSource, frame: str, time: float
) -> MotionEstimate:
    spread = np.zeros((6, 6))
    spread[:3, :3] = noise
    spread[3:, 3:] = FIRST_SPEED**2 * np.eye(3)
    return MotionEstimate(frame, time, np.concatenate([point, np.zeros(3)]), spread, bias, source)
