"""People as sensor_msgs/PointCloud2: a disc on the floor for each, which navigation takes for an obstacle.

Nav2's obstacle layer and collision_monitor take clouds of points as they are; no plugin knows of people.
"""

from __future__ import annotations

import array
import math
from functools import cache
from types import ModuleType

import numpy as np

from opendr_perception.msg import Person
from opendr_perception.ros.outputs.space import Floats, PeopleInSpace, place

RADIUS = 0.35
"""Metres around the middle of somebody who stands, with elbows;"""
WIDEST = 1.0
"""and the largest, with what is not known of their place."""
SPACING = 0.05
"""Metres between points: the resolution of most costmaps."""
HEIGHTS = (0.1, 0.3)
"""Metres above the floor: collision_monitor takes points from 0.05 to 0.5 m by default."""
FIELDS = ("x", "y", "z")


def obstacles(types: ModuleType, people: PeopleInSpace) -> object:
    """A cloud of float32 x, y, z in m, in the frame of positions.

    Those who were seen a moment ago are in it too, until they have left: who is hidden is still there. A disc has the
    radius RADIUS and one standard deviation of the position, WIDEST at most.

    Raises:
        ValueError: the frame has no floor.
    """
    if not people.upright:
        raise ValueError("where people stand on the floor is known in target_frame only: set that parameter")
    discs = [_disc(person) for person in people.located]
    points = np.concatenate([np.zeros((0, 3), np.float32), *discs])
    fields = [
        types.PointField(name=name, offset=4 * k, datatype=types.PointField.FLOAT32, count=1)
        for k, name in enumerate(FIELDS)
    ]
    return types.PointCloud2(
        header=people.message.header,
        height=1,
        width=len(points),
        fields=fields,
        point_step=12,
        row_step=12 * len(points),
        data=array.array("B", points.tobytes()),
        is_dense=True,
    )


def _disc(person: Person) -> Floats:
    covariance = np.array(person.position_covariance).reshape(3, 3)[:2, :2]
    deviation = math.sqrt(max(float(np.linalg.eigvalsh(covariance).max()), 0.0)) if np.isfinite(covariance).all() else 0
    disc = _grid(round(min(RADIUS + deviation, WIDEST) / SPACING)) + place(person)[:2]
    levels = [np.column_stack([disc, np.full(len(disc), height)]) for height in HEIGHTS]
    return np.concatenate(levels).astype("<f4")


@cache
def _grid(steps: int) -> Floats:
    """Points (n, 2) of a disc around the origin whose radius is so many times SPACING, m."""
    side = np.arange(-steps, steps + 1) * SPACING
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    inside: Floats = points[np.hypot(*points.T) <= steps * SPACING + 1e-9]
    return inside
