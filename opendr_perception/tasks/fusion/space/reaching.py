"""Direction of a pointing arm in space, where depth is known."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.fusion.joining import SeenPerson
from opendr_perception.tasks.fusion.sight import Floats, Sight
from opendr_perception.tasks.fusion.space.measures import SHOULDERS, WRISTS

AROUND = 2
"""Pixels of the depth image on each side of a keypoint whose median is taken."""
ARM = (0.25, 1.0)
"""Metres from shoulder to wrist, between which the depth is of the arm and not of what is behind it."""


def direction(sight: Sight, seen: SeenPerson, left: bool) -> Floats | None:
    """The direction (3,) of unit length from shoulder to wrist, in the sight's frame; None where it is not known."""
    if seen.keypoints is None:
        return None
    side = 0 if left else 1
    shoulder, wrist = (_point(sight, seen.keypoints[pair[side], :2]) for pair in (SHOULDERS, WRISTS))
    if shoulder is None or wrist is None or sight.mount is None:
        return None
    reach = sight.mount.rotation @ (wrist - shoulder)
    length = float(np.linalg.norm(reach))
    return np.asarray(reach / length) if ARM[0] <= length <= ARM[1] else None


def _point(sight: Sight, pixel: Floats) -> Floats | None:
    """The place (3,) in the camera's axes of what a pixel (2,) shows."""
    if sight.depth is None or sight.lens is None or not sight.depth.size:
        return None
    rows, columns = sight.depth.shape
    column, row = (int(value) for value in pixel * [columns / sight.size[0], rows / sight.size[1]])
    top, left = max(row - AROUND, 0), max(column - AROUND, 0)
    part = sight.depth[top : max(row + AROUND + 1, 0), left : max(column + AROUND + 1, 0)]
    known = part[np.isfinite(part)]
    if not known.size:
        return None
    try:
        return np.asarray(sight.lens.rays(pixel) * float(np.median(known)))
    except ValueError:
        return None
