"""Zone of a person, attention to the camera, and speed of approach."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.fusion.joining import Face
from opendr_perception.tasks.fusion.sight import Floats, Mount, PersonLocation, Zone
from opendr_perception.tasks.imaging import PinholeCamera

BORDERS = ((0.45, Zone.INTIMATE), (1.2, Zone.PERSONAL), (3.6, Zone.SOCIAL))
"""Largest distances of the zones, m [Hall 1966, The Hidden Dimension]."""
STICKY = 0.05
"""Relative distance beyond a border at which a zone is left."""
LOOKS, LOOKED = math.radians(15), math.radians(25)
"""Angle between a face and the line to the camera, below which somebody looks here, and above which no more."""


def zone_of(distance: float, before: Zone = Zone.UNKNOWN) -> Zone:
    """The zone of a distance, m; at a border the one before stays."""
    if not math.isfinite(distance):
        return Zone.UNKNOWN
    for border, zone in BORDERS:
        wider = 1 + STICKY if before == zone else 1 - STICKY if before > zone else 1.0
        if distance < border * wider:
            return zone
    return Zone.PUBLIC


def looks_here(face: Face | None, lens: PinholeCamera, before: bool = False) -> bool:
    """True if a face is turned to the camera, by its head pose: eyes alone are not followed."""
    if face is None or not np.isfinite(face.angles).all():
        return False
    try:
        right, down, _ = lens.rays((face.box[:2] + face.box[2:]) / 2)
    except ValueError:
        return False
    # A face that looks against the camera's axis has no angles; one that looks here from the right of the image turns
    # to the left in it, by the angle of its ray.
    yaw = float(face.angles[0]) + math.atan(right)
    pitch = float(face.angles[1]) - math.atan(down)
    return math.hypot(yaw, pitch) < (LOOKED if before else LOOKS)


@dataclass(frozen=True)
class Approach:
    """Distance of a person from the camera, and its rate of change.

    Args:
        distance: over the floor, m; NaN unknown.
        speed: at which it grows, m/s; NaN unknown.
    """

    distance: float = math.nan
    speed: float = math.nan


def approach(place: PersonLocation, mount: Mount | None) -> Approach:
    """Measure the distance of a person from a camera, and the speed at which it grows."""
    if mount is None or not np.isfinite(place.position).all():
        return Approach()
    up = np.array([0.0, 0.0, 1.0]) if mount.upright else -mount.rotation[:, 1]
    away = _level(place.position - mount.translation, up)
    distance = float(np.linalg.norm(away))
    return Approach(distance, float(away @ _level(place.velocity, up)) / max(distance, 1e-6))


def _level(vector: Floats, up: Floats) -> Floats:
    return np.asarray(vector - (vector @ up) * up)
