"""Views chosen by the expected gain of calibrated confidence: for the joints of a body, actions, and expressions.

A part that is not seen now may be seen from a side. How much is gained by that was measured in simulation, by what is
missing in each half of what is looked at (`bench/view/poses.py` and `bench/view/gains`, each with `fit`).
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
ACTIONS = (
    (0.3, -0.019, 0.486, -0.145, -0.121),
    (0.211, 0.156, 0.628, -0.099, -0.171),
    (0.196, 0.142, 0.627, 0.02, -0.229),
)
"""The same, with what is missing of certainty, and how broad the shoulders look, before the constant."""
EXPRESSIONS = (
    (-0.179, 0.122, 0.32, -0.163),
    (-0.137, 0.34, 0.559, -0.412),
    (0.022, 0.518, 0.671, -0.655),
)
"""The same for how far the face is turned to the left and to the right, with what is missing of certainty."""
BESIDE = math.radians(10)
"""From where somebody was looked at already, or what is not free; no place so near to it is looked from again."""
METRE = 0.02
"""Cost of a metre, in shares of the parts, or of certainty."""
SHOULDERS, HIPS = (5, 6), (11, 12)
"""Of COCO's keypoints."""


@dataclass(frozen=True)
class Lacking:
    """Missing parts of what is looked at, in the left and in the right half of the image.

    Args:
        left: of the parts, the share that is probably not seen there; of a face, how far it looks there.
        right: the same of the other half.
        both: what is the same in a mirror.
    """

    left: float
    right: float
    both: tuple[float, ...] = ()

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers by which a move to the robot's right, and one to its left, are judged."""
        same = *self.both, 1.0
        return np.array([self.left, self.right, *same]), np.array([self.right, self.left, *same])


def lacking(keypoints: np.ndarray) -> Lacking:
    """Find what is missing of a body.

    Args:
        keypoints: (K, 3) x, y and calibrated score; networks place also what they do not see, with low scores.
    """
    missing = 1 - keypoints[:, 2]
    beside = keypoints[:, 0] - np.median(keypoints[:, 0])
    return Lacking(float((missing * (beside < 0)).mean()), float((missing * (beside > 0)).mean()))


def lacking_of_action(keypoints: np.ndarray, confidence: float) -> Lacking:
    """Find what keeps an action from being told.

    Args:
        keypoints: (17, 3) x, y and calibrated score, of COCO.
        confidence: of the answer now, calibrated.
    """
    body, points = lacking(keypoints), keypoints[:, :2]
    broad = float(np.linalg.norm(points[SHOULDERS[0]] - points[SHOULDERS[1]]))
    tall = float(np.linalg.norm(points[list(SHOULDERS)].mean(0) - points[list(HIPS)].mean(0)))
    return Lacking(body.left, body.right, (1 - confidence, min(broad / max(tall, 1e-6), 1.5)))


def lacking_of_expression(yaw: float, confidence: float) -> Lacking:
    """Find what keeps an expression from being told.

    Args:
        yaw: of the head, rad, positive where the nose points to the right in the image.
        confidence: of the answer now, calibrated, and with the trust in the view.
    """
    return Lacking(max(-yaw, 0.0), max(yaw, 0.0), (1 - confidence,))


class ExpectedGain:
    """Goes to the side from which most is expected to be seen, if that is worth the way.

    Args:
        weights: for each of AROUND, as POSES, ACTIONS or EXPRESSIONS.
    """

    def __init__(self, weights: Sequence[Sequence[float]] = POSES) -> None:
        self._weights = np.asarray(weights, np.float64)
        shape = self._weights.shape
        if len(shape) != 2 or len(self._weights) != len(AROUND) or shape[1] < 3 or not np.isfinite(self._weights).all():
            raise ValueError(f"weights must be ({len(AROUND)}, 3 or more) and finite, got {shape}")

    def __call__(self, seen: Lacking, distance: float, tried: Sequence[float] = ()) -> Decision:
        """Choose.

        Args:
            seen: what is missing now.
            distance: of the person, m.
            tried: angles around the person, from here to the robot's own right, that are not to be chosen, rad.

        Raises:
            ValueError: these weights are for something else.
        """
        numbers = seen.numbers()
        if len(numbers[0]) != self._weights.shape[1]:
            raise ValueError(f"weights are for {self._weights.shape[1]} numbers, got {len(numbers[0])}")
        gains = np.concatenate([self._weights @ side for side in numbers])
        angles = np.array([*AROUND, *(-angle for angle in AROUND)])
        worth = gains - METRE * np.abs(angles) * distance
        for angle in tried:
            worth[np.abs(angles - angle) < BESIDE] = -math.inf
        best = int(np.argmax(worth))
        expected = float(gains[best])
        if worth[best] <= 0:
            return Decision(None, "no other view is expected to show more", expected)
        side = "right" if angles[best] > 0 else "left"
        reason = f"{100 * expected:.0f} % more from {abs(math.degrees(angles[best])):.0f} degrees to the {side}"
        return Decision(Move(pan=float(angles[best])), reason, expected)
