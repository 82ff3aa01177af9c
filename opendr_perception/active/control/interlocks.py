"""Reasons for which a robot must stand, whoever wants it to move."""

from __future__ import annotations

import threading

STOP = "stop"
"""The guard that people stop the robot by; it refuses every goal, also one that would not move."""


class Interlocks:
    """Holds one reason for each guard that forbids motion. Thread-safe, so that a guard waits for nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: dict[str, str] = {}

    def engage(self, guard: str, reason: str) -> None:
        """Forbid motion in the name of a guard, until it is released.

        Raises:
            ValueError: the reason is empty.
        """
        if not reason:
            raise ValueError(f"{guard} must say why the robot must stand")
        with self._lock:
            self._reasons[guard] = reason

    def release(self, guard: str) -> None:
        """Take back what a guard has said, if it has."""
        with self._lock:
            self._reasons.pop(guard, None)

    def of(self, guard: str) -> str:
        """Return why a guard forbids motion; '' when it does not."""
        with self._lock:
            return self._reasons.get(guard, "")

    @property
    def reason(self) -> str:
        """Reason why motion is forbidden, by the guard that said so first; '' when it is not."""
        with self._lock:
            return next(iter(self._reasons.values()), "")
