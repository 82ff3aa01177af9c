"""Views chosen by the expected gain of calibrated confidence, for what has parts: the joints of a body.

A part that is not seen now may be seen from a side. How much is gained by that was measured in simulation, by what is
missing in each half of what is looked at (`python -m opendr_perception.bench.view.poses fit`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.policies.base import Decision

AROUND = tuple(math.radians(degrees) for degrees in (20.0, 40.0, 60.0))
"""Angles around the person to the robot's own right, rad; to the left it is the same in a mirror."""
POSES = ((0.89, 0.669, -0.32), (0.774, 0.776, -0.069), (0.802, 0.768, -0.056))
"""Weights of an option for what is missing on the left and on the right of the image, and a constant."""
METRE = 0.02
"""Cost of a metre, in shares of the parts."""


@dataclass(frozen=True)
class Lacking:
    """Share of the parts that are probably not seen, in the left and in the right half of the image of somebody."""

    left: float
    right: float


def lacking(keypoints: np.ndarray) -> Lacking:
    """Find what is missing of a body.

    Args:
        keypoints: (K, 3) x, y and calibrated score; networks place also what they do not see, with low scores.
    """
    missing = 1 - keypoints[:, 2]
    beside = keypoints[:, 0] - np.median(keypoints[:, 0])
    return Lacking(float((missing * (beside < 0)).mean()), float((missing * (beside > 0)).mean()))


class ExpectedGain:
    """Goes to the side from which most is expected to be seen, if that is worth the way.

    Args:
        weights: for each of AROUND, as POSES.
    """

    def __init__(self, weights: Sequence[Sequence[float]] = POSES) -> None:
        self._weights = np.asarray(weights, np.float64)
        if self._weights.shape != (len(AROUND), 3) or not np.isfinite(self._weights).all():
            raise ValueError(f"weights must be ({len(AROUND)}, 3) and finite, got {self._weights.shape}")

    def __call__(self, seen: Lacking, distance: float) -> Decision:
        """Choose.

        Args:
            seen: what is missing now.
            distance: of the person, m.
        """
        right = self._weights @ [seen.left, seen.right, 1.0]
        left = self._weights @ [seen.right, seen.left, 1.0]
        angles = np.array([*AROUND, *(-angle for angle in AROUND)])
        worth = np.concatenate([right, left]) - METRE * np.abs(angles) * distance
        best = int(np.argmax(worth))
        expected = float(np.concatenate([right, left])[best])
        if worth[best] <= 0:
            return Decision(None, "no other view is expected to show more", expected)
        side = "right" if angles[best] > 0 else "left"
        reason = f"{100 * expected:.0f} % more from {abs(math.degrees(angles[best])):.0f} degrees to the {side}"
        return Decision(Move(pan=float(angles[best])), reason, expected)
