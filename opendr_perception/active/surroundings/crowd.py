"""Everybody else: who was seen a moment ago is still there, also when they turn their head or leave the view."""

from __future__ import annotations

import math
from collections.abc import Sequence

from opendr_perception.active.surroundings.odometry import Place, Point

REMEMBERED = 3.0
"""Seconds that somebody is remembered who is not seen any more."""
MOST = 64
"""People who are remembered: the nearest ones."""
APART = 0.6
"""Metres; somebody seen so near to where somebody was is the same person,"""
UNSURE = 0.25
"""or so near as a part of their distance: distances are rough."""


class RememberedPeople:
    """Remembers where people stand, but for the one who is meant."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, Point]] = []

    def observe(self, now: float, robot: Place, others: Sequence[Point], person: Point | None) -> None:
        """Take note of who is seen.

        Args:
            now: s.
            robot: its place.
            others: where they stand.
            person: where the one stands who is meant; None when nobody is.
        """

        def near(point: Point) -> float:
            return math.dist(point, (robot.x, robot.y))

        found = [*others, *([] if person is None else [person])]
        kept = [
            (seen, point)
            for seen, point in self._seen
            if now - seen <= REMEMBERED
            and all(math.dist(point, other) > max(APART, UNSURE * near(other)) for other in found)
        ]
        kept += [(now, point) for point in others]
        self._seen = sorted(kept, key=lambda known: near(known[1]))[:MOST]

    def points(self, now: float) -> Sequence[Point]:
        """Positions of the remembered people."""
        return [point for seen, point in self._seen if now - seen <= REMEMBERED]
