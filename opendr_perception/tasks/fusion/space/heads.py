"""Pose of a person's head, where REP 155 has the frame of the person."""

from __future__ import annotations

import math

import numpy as np

from opendr_perception.tasks.face import head_axes
from opendr_perception.tasks.fusion.joining import SURE, Face, SeenPerson
from opendr_perception.tasks.fusion.sight import Floats, HeadPose, Sight
from opendr_perception.tasks.fusion.space.measures import EARS, EYES, NOSE


def head_of(sight: Sight, seen: SeenPerson, distance: float) -> HeadPose | None:
    """The pose of a head: between the eyes of the face, else at the keypoints of the head; None where none is seen.

    Args:
        sight: with a lens and a mount.
        seen: of whom.
        distance: of the person over the floor, m: the head is as far away.
    """
    pixel = _pixel(seen)
    if sight.lens is None or sight.mount is None or pixel is None or not distance > 0:
        return None
    try:
        ray = sight.lens.rays(pixel)
    except ValueError:  # so far out that the calibration says nothing
        return None
    up = sight.mount.rotation[2] if sight.mount.upright else np.array([0.0, -1.0, 0.0])
    across = float(np.linalg.norm(ray - (ray @ up) * up))
    if across < 1e-3:
        return None
    axes = np.eye(3)
    if seen.face is not None and np.isfinite(seen.face.angles).all():
        axes = sight.mount.rotation @ (head_axes(*map(float, seen.face.angles)) * (1, -1, -1))
    return HeadPose(sight.mount.apply(ray * distance / across), axes)


def _pixel(seen: SeenPerson) -> Floats | None:
    if seen.face is not None:
        return _sellion(seen.face)
    if seen.keypoints is None:
        return None
    for places in (EYES, (NOSE,), EARS):
        points = seen.keypoints[list(places)]
        usable = points[points[:, 2] >= SURE, :2]
        if len(usable):
            return np.asarray(usable.mean(axis=0), np.float64)
    return None


def _sellion(face: Face) -> Floats:
    eyes = face.landmarks[:2].mean(axis=0)
    return np.asarray(eyes if all(map(math.isfinite, eyes)) else (face.box[:2] + face.box[2:]) / 2, np.float64)
