"""Beliefs of a person's distance, and one of several."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.fusion.sight import PositionSource

CONFLICT = 3.0
"""Standard deviations between two estimates from which on one of them is wrong."""


@dataclass(frozen=True)
class Belief:
    """A distance over the floor.

    Args:
        value: m.
        noise: standard deviation of what differs from image to image, m.
        bias: standard deviation of what stays, m.
        source: by what it is known.
        tall: part of the bias that comes from the height of the person, m: negative where the tall seem nearer.
    """

    value: float
    noise: float
    bias: float
    source: PositionSource
    tall: float = 0.0

    @property
    def total(self) -> float:
        """Standard deviation, m."""
        return math.hypot(self.noise, self.bias)


def agreed(beliefs: list[Belief]) -> Belief | None:
    """One distance from several: their mean, weighted by how sure each is.

    Where the floor and the size contradict each other, feet that seem too far away are hidden, and somebody who seems
    too far away for the floor is small.
    """
    sizes = [one for one in beliefs if one.source == PositionSource.SIZE]
    ground = [one for one in beliefs if one.source == PositionSource.GROUND]
    size = mean(sizes)
    if (
        size is not None
        and ground
        and abs(ground[0].value - size.value) > CONFLICT * math.hypot(ground[0].total, size.total)
    ):
        return size if ground[0].value > size.value else ground[0]
    return mean([size, *ground] if size is not None else ground)


def mean(beliefs: list[Belief]) -> Belief | None:
    """The mean, weighted by how sure each is; None of nothing.

    Whoever is taller than the mean seems nearer by all sizes alike, and a little farther away by the floor.
    """
    if not beliefs:
        return None
    weights = np.array([1 / one.total**2 for one in beliefs])
    weights /= weights.sum()
    values, noises, biases, tall = np.array([(one.value, one.noise, one.bias, one.tall) for one in beliefs]).T
    together = float(weights @ tall)
    alone = weights**2 @ np.maximum(biases**2 - tall**2, 0)
    noise = math.sqrt(float(weights**2 @ noises**2))
    source = beliefs[int(weights.argmax())].source
    return Belief(float(weights @ values), noise, math.hypot(together, math.sqrt(float(alone))), source, together)
