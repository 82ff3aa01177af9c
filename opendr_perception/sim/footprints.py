"""Shapes of people and things on the floor, as `model` builds them, and the distance to them."""

from __future__ import annotations

import math

from opendr_perception.sim.scene import HALF_WIDTH, Pose, Thing, distance

PANEL, FOOT, DEEP = 0.012, 0.2, 0.25
"""m: half the thickness of a board or a sign, half the side of a board's foot, half the depth of a box."""
RECTANGLES = {
    "board": ((PANEL, HALF_WIDTH["board"]), (FOOT, FOOT)),
    "sign": ((PANEL, HALF_WIDTH["sign"]),),
    "box": ((DEEP, HALF_WIDTH["box"]),),
}
"""Halves of the sides of the rectangles of which a thing is made, seen from above, m; what has none is round."""


def gap(thing: Thing, place: Pose) -> float:
    """Distance from a point on the floor to the outline of a thing, at whatever height, m; negative inside."""
    rectangles = RECTANGLES.get(thing.kind)
    if rectangles is None:
        return distance(place, thing.pose) - HALF_WIDTH[thing.kind]
    x, y = place.x - thing.pose.x, place.y - thing.pose.y
    c, s = math.cos(thing.pose.yaw), math.sin(thing.pose.yaw)
    along, across = abs(c * x + s * y), abs(c * y - s * x)
    return min(_outside(along - deep, across - wide) for deep, wide in rectangles)


def _outside(along: float, across: float) -> float:
    return math.hypot(max(along, 0.0), max(across, 0.0)) + min(max(along, across), 0.0)
