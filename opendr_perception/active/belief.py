"""Who it is, given all views: a probability for each enrolled person, and for nobody of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from opendr_perception.active.policy import View

SPREAD = 0.13
"""Standard deviation of the distance between views of one person."""
INDEPENDENT = math.radians(15)
"""Views that are nearer to each other than this say in part the same."""
UNKNOWN = ""


def belief(views: Sequence[View], threshold: float, spread: float = SPREAD) -> dict[str, float]:
    """The probability of each name, and of UNKNOWN.

    Args:
        views: of one person; those without distances say nothing.
        threshold: the distance from which on two faces are two people: what is expected of a stranger.
        spread: see SPREAD.
    """
    logs: dict[str, float] = {}
    before: float | None = None
    for view in views:
        distances = view.recognition.distances
        if not distances:
            continue
        weight = 1.0 if before is None else min(1.0, max(0.1, abs(view.pan - before) / INDEPENDENT))
        before = view.pan
        for name, distance in {**distances, UNKNOWN: threshold}.items():
            logs[name] = logs.get(name, 0.0) - weight * distance**2 / (2 * spread**2)
    if not logs:
        return {UNKNOWN: 1.0}
    top = max(logs.values())
    shares = {name: math.exp(value - top) for name, value in logs.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}
