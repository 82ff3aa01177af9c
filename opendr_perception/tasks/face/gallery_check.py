"""What a gallery says about itself: who is hard to tell apart, and which threshold would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.face.gallery import THRESHOLD, Gallery
from opendr_perception.tasks.face.identity_decision import allowed


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


def look_alikes(gallery: Gallery, name: str = "") -> list[str]:
    """A line for each two people who are nearer to each other than the threshold: who they are, and what to do.

    Args:
        gallery: of known people.
        name: of somebody, when only pairs with this person matter.
    """
    near = np.flatnonzero(gallery.separations < gallery.threshold)
    if name:
        near = near[[gallery.people[k] == name for k in near]]
    pairs: dict[frozenset[str], float] = {}
    for place in near.tolist():
        own = gallery.people[place]
        others = np.min([gallery.distances(sample) for sample in gallery.samples(own)], axis=0)
        for other, distance in zip(gallery.people, others.tolist(), strict=True):
            if other != own and distance < gallery.threshold:
                pairs[frozenset((own, other))] = distance
    return [_look_alike(gallery, min(pair), max(pair), distance) for pair, distance in pairs.items()]


def _look_alike(gallery: Gallery, first: str, second: str, distance: float) -> str:
    limit = float(allowed(np.array([distance]), gallery.threshold)[0])
    return (
        f"'{first}' and '{second}' look alike (distance {distance:.2f}): each is only known nearer than {limit:.2f}, "
        "so that they are not mistaken for each other; add images of both in the light and from the sides in which "
        "they will be seen, or remove one if it is the same person"
    )


def propose_threshold(gallery: Gallery) -> float:
    """A threshold for these people: amid views of one and views of two, and never above the measured default."""
    closest = closest_pairs(gallery, 1)
    if not closest:
        return THRESHOLD
    own = farthest_own(gallery)
    low = own[0].distance if own else 0.0
    return min(THRESHOLD, (low + closest[0].distance) / 2 if low < closest[0].distance else closest[0].distance)
