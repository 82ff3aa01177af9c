"""Thresholds of a face's distance to a person, given who else is like them.

One distance for everybody is too loose for people who look alike. Therefore it follows the rival: the nearest other
person of the gallery, seen from the face or from the person's own samples, whichever is nearer. The threshold falls
with the square root of the rival's distance, and is never above the given one; near to a rival, the person must be
nearer than the rival by a fixed share. And faces of common kinds (`face_kinds`), which have look-alikes that nobody has
enrolled, must be as near as they are to their kind. Why so, and how often it errs: docs/identity.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.face.gallery import Gallery
from opendr_perception.tasks.face.kinds import nearest_kind

Floats = np.ndarray

USUAL_RIVAL = 0.57
"""Distance of a rival from which on it does not lower the given threshold, if it were not for NEARER."""
NEARER = 0.85
"""The person must be nearer than this share of the rival's distance."""
OF_KIND = 1.0
"""No face is known from farther than this share of its distance, and the person's, to the nearest kind of faces."""
MIDDLE = 1.08
"""The median of several views is nearer to everybody than each of them is, by up to so much."""
SMALLEST = 0.01
"""No threshold is smaller, so that distances can be given in units of it."""


@dataclass(frozen=True)
class Compared:
    """Comparison of a face with a gallery.

    Args:
        distances: (p,) to each of its people; empty while nothing is known of the face.
        kind: to the nearest kind of faces; infinite if none are known of the embedder.
    """

    distances: Floats = field(default_factory=lambda: np.empty(0))
    kind: float = np.inf


def compare(gallery: Gallery, embeddings: Sequence[npt.NDArray[np.float32]]) -> Compared:
    """Compare views of one face (v times (d,)) with a gallery.

    What is compared is their median, number by number: what is wrong about each view is another thing and cancels out,
    and a few bad views do not move it. Distances are given as those of a single view.
    """
    if not len(embeddings):
        return Compared()
    middle = np.median(np.stack(embeddings), axis=0).astype(np.float32)
    scale = 1.0 if len(embeddings) == 1 else MIDDLE
    return Compared(scale * gallery.distances(middle), scale * float(nearest_kind(gallery.model, middle[None])[0]))


def thresholds(gallery: Gallery, seen: Compared, threshold: float) -> Floats:
    """Distances (p,) below which a face is each of the people of a gallery.

    Only the nearest person's can be above its distance: the others have that person as a rival.

    Args:
        gallery: with p people.
        seen: what it says of the face, of p people or of none.
        threshold: for a person without a rival.
    """
    distances = seen.distances
    if not len(distances):
        return np.empty(0)
    limits: Floats = np.full(len(distances), threshold)
    if len(distances) > 1:
        nearest, second = np.partition(distances, 1)[:2]
        others = np.full(len(distances), nearest)
        others[int(np.argmin(distances))] = second
        limits = allowed(np.minimum(others, gallery.separations), threshold)
    return np.asarray(np.clip(OF_KIND * np.minimum(gallery.kinds, seen.kind), SMALLEST, limits))


def allowed(rivals: Floats, threshold: float) -> Floats:
    """Distances below which a face is a person whose nearest rival is so far away."""
    near = np.minimum(rivals, USUAL_RIVAL)
    return np.maximum(np.minimum(threshold * np.sqrt(near / USUAL_RIVAL), NEARER * near), SMALLEST)


def relative(gallery: Gallery, seen: Compared, threshold: float) -> Floats:
    """Distances (p,) in units of each person's threshold: below 1 the face is that person."""
    return seen.distances / thresholds(gallery, seen, threshold)


def who(gallery: Gallery, seen: Compared, threshold: float) -> int:
    """The place among the gallery's people of the one whose face it is; -1 for nobody of them."""
    if not len(seen.distances):
        return -1
    person = int(np.argmin(seen.distances))
    return person if seen.distances[person] < thresholds(gallery, seen, threshold)[person] else -1


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
