"""What a gallery says about itself: who is hard to tell apart, and which threshold would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.face.gallery import THRESHOLD, Gallery


@dataclass(frozen=True)
class Pair:
    """Two samples of different people, or of one, and their distance."""

    first: str
    second: str
    distance: float


def closest_pairs(gallery: Gallery, count: int) -> list[Pair]:
    """The so many most similar pairs of different people, nearest first; of each two people their nearest samples."""
    pairs = []
    for place, name in enumerate(gallery.people[:-1]):
        others = np.min([gallery.distances(sample) for sample in gallery.samples(name)], axis=0)
        pairs += [
            Pair(name, other, float(distance))
            for other, distance in zip(gallery.people[place + 1 :], others[place + 1 :], strict=True)
        ]
    return sorted(pairs, key=lambda pair: pair.distance)[:count]


def farthest_own(gallery: Gallery) -> list[Pair]:
    """For each person with several samples, how far the one stands from the others that is farthest from them."""
    pairs = []
    for name in gallery.people:
        samples = gallery.samples(name)
        if len(samples) > 1:
            between = np.linalg.norm(samples[:, None] - samples[None], axis=2)
            np.fill_diagonal(between, np.inf)
            pairs.append(Pair(name, name, float(between.min(axis=1).max())))
    return sorted(pairs, key=lambda pair: -pair.distance)


def propose_threshold(gallery: Gallery) -> float:
    """A threshold for these people: amid views of one and views of two, and never above the measured default."""
    closest = closest_pairs(gallery, 1)
    if not closest:
        return THRESHOLD
    own = farthest_own(gallery)
    low = own[0].distance if own else 0.0
    return min(THRESHOLD, (low + closest[0].distance) / 2 if low < closest[0].distance else closest[0].distance)
