"""Time that passes for the robot between two turns of its control loop, whatever its clock does."""

from __future__ import annotations

import math

JUMP = 1.0
"""Seconds. A clock or stamp that goes so much forwards or back at once was set, or began again; it measures nothing."""
SLOWEST = 0.25
"""Of real time: a simulation that is slower, or a clock that stands, is no measure for a robot that may be moving."""


class RobotTime:
    """Measures turns by a simulation's clock where there is one, and by real time where that does not go on.

    A clock that tells nothing new for a short while is waited for, since simulations tell the time only now and then.
    When that takes longer than the patience, the clock is said to stand, and real time counts, the past while included.

    Args:
        patience: s of real time.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._before = math.inf
        self._told, self._waited = 0.0, 0.0
        self.real = 0.0
        """Seconds of real time in the last turn."""
        self.stands = False
        """True if the simulation's clock stands still."""

    def turn(self, now: float, elapsed: float | None = None) -> float:
        """Seconds for which the robot has moved since the last turn, as far as they are not counted yet.

        Args:
            now: s, of a clock that nobody sets.
            elapsed: s since the last turn by a simulation's clock; None without one.
        """
        self.real = max(now - self._before, 0.0) if math.isfinite(self._before) else 0.0
        self._before = now
        if elapsed is None:
            return self.real
        self._told += elapsed if 0 <= elapsed < JUMP else self.real
        self._waited += self.real
        if self._told >= SLOWEST * self._waited:
            self.stands = False
            return self._count(self._told)
        if self._waited > self._patience:
            self.stands = True
            return self._count(self._waited)
        return 0.0

    def since(self, now: float) -> float:
        """Seconds that are not counted yet."""
        return self._waited + max(now - self._before, 0.0) if math.isfinite(self._before) else 0.0

    def _count(self, seconds: float) -> float:
        self._told, self._waited = 0.0, 0.0
        return seconds
