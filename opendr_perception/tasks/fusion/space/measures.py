"""Body measures of people, and their posture from the keypoints of COCO."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from opendr_perception.tasks.fusion.joining import SURE
from opendr_perception.tasks.fusion.sight import Floats

NOSE, EYES, EARS = 0, (1, 2), (3, 4)
SHOULDERS, ELBOWS, WRISTS = (5, 6), (7, 8), (9, 10)
HIPS, KNEES, ANKLES = (11, 12), (13, 14), (15, 16)

TORSO = 0.305
"""From the middle of the shoulders to that of the hips, over the height of a person."""
IN_BOX = 1.045
"""Height of the detector's box over that of the person in it, who also has hair and shoes."""
SHOULDERS_APART = 0.21
"""Of the keypoints of the shoulders, over the height."""
FACE = 0.15
"""Side of the detector's box around a face, m."""
ANKLE = 0.09
"""Height of the keypoints of ankles above the floor, m."""
TALL = 0.065
"""Standard deviation of the height of people, relative to the mean."""
TORSO_HALF, HEAD_HALF = 0.11, 0.09
"""From the surface that a camera sees to the middle, m."""
TORSO_IN_BOX = 0.36
"""Middle of the torso in the box of somebody who stands, from its upper end, in its height."""


def middle_of(points: Floats, places: Sequence[int]) -> Floats | None:
    """The middle (2,) of some keypoints, of which at least one of each pair is seen; None otherwise.

    Args:
        points: (17, 3).
        places: an even number of them, in pairs.
    """
    pairs = points[list(places)].reshape(-1, 2, 3)
    weights = (pairs[..., 2] >= SURE).astype(np.float64)
    if not weights.any(axis=1).all():
        return None
    middles = (pairs[..., :2] * weights[..., None]).sum(axis=1) / weights.sum(axis=1)[:, None]
    return np.asarray(middles.mean(axis=0))


def torso_angle(points: Floats) -> float | None:
    """The angle between a torso and the vertical of the image, rad: 0 upright, pi with the head down."""
    shoulders, hips = middle_of(points, SHOULDERS), middle_of(points, HIPS)
    if shoulders is None or hips is None:
        return None
    across, down = hips - shoulders
    return float(math.atan2(abs(across), down))
