"""Outcome of a move, why one is given up, and how long the controller waits."""

from __future__ import annotations

import enum
from dataclasses import dataclass

NO_SCAN = "no scan of obstacles has come, and require_scan is true"
IN_THE_WAY = "a person or an obstacle is in the way"
"""Reason for giving up a move that may be possible elsewhere."""


class Status(enum.Enum):
    """Outcome of the last move."""

    STILL = "still"
    MOVING = "moving"
    HELD = "held"
    """Waiting for fresh perceptions, or for a free way."""
    ARRIVED = "arrived"
    LOST = "lost"
    BLOCKED = "blocked"
    HALTED = "halted"


@dataclass(frozen=True)
class Timeouts:
    """Timeouts of the controller, in seconds.

    Args:
        command: for a fresh perception, before the robot stands still.
        patience: while it is held, before the move is given up.
        max_age: of an image when it comes, where the camera's clock is of the same kind as ours.
    """

    command: float = 0.25
    patience: float = 1.5
    max_age: float = 1.0
