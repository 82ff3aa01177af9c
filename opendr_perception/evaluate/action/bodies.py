"""From the joints of depth cameras to the 17 keypoints of COCO."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LIMBS = (
    "l shoulder", "r shoulder", "l elbow", "r elbow", "l wrist", "r wrist", "l hip", "r hip", "l knee", "r knee",
    "l ankle", "r ankle",
)  # fmt: skip
"""COCO's keypoints 5 to 16."""

FACE = np.array(
    [(0.11, -0.03, 0.0), (0.09, 0.005, -0.032), (0.09, 0.005, 0.032), (0.0, -0.01, -0.075), (0.0, -0.01, 0.075)]
)
"""Nose, left eye, right eye, left ear, right ear: metres from the middle of the head, forward, up, right."""


def place_of(names: Sequence[str]) -> list[int]:
    """Indices of COCO's keypoints 5 to 16 among the joints of a set."""
    return [names.index(name) for name in LIMBS]


def coco_world(joints: Floats, limbs: Sequence[int], head: int) -> Floats:
    """Places of COCO's keypoints.

    Args:
        joints: (T, J, 3) metres: away from the camera, up, to its right.
        limbs: Which joints are COCO's keypoints 5 to 16.
        head: Which joint is the middle of the head.

    Returns:
        (T, 17, 3). The face looks where the chest looks.
    """
    body = joints[:, list(limbs)]
    up = body[:, :2].mean(1) - body[:, 6:8].mean(1)
    up /= np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-6)
    right = body[:, 1] - body[:, 0]
    right -= (right * up).sum(-1, keepdims=True) * up
    right /= np.maximum(np.linalg.norm(right, axis=-1, keepdims=True), 1e-6)
    axes = np.stack([np.cross(up, right), up, right], 1)
    return np.concatenate([joints[:, head, None] + FACE @ axes, body], 1)


def pinhole(world: Floats, focal: float, centre: tuple[float, float]) -> Floats:
    """Pixels (..., 2) of points (..., 3) before a camera at the origin."""
    depth = np.maximum(world[..., :1], 0.1)
    return focal * world[..., [2, 1]] * [1.0, -1.0] / depth + np.array(centre)
