"""How near a face must be to a person to be taken for that person, given who else is near.

One distance for everybody is too loose for people who look alike and too strict for poor video. Therefore it follows
the rival: the nearest other person, seen from the face or from the person's own samples, whichever is nearer. Far from
all rivals the threshold grows with the square root of the rival's distance, as that of a ratio of likelihoods would;
near to one, the person must be nearer than the rival by a fixed share. A gallery of one person has no rival, and the
threshold is the given one. Why so: docs/identity.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.gallery import Gallery

Floats = npt.NDArray[np.floating]

USUAL_RIVAL = 0.57
"""Distance of a rival at which the threshold is the given one, if it were not for NEARER."""
NEARER = 0.8
"""The person must be nearer than this share of the rival's distance."""
FARTHEST_RIVAL = 0.8
"""Rivals that are farther away permit no more."""
SMALLEST = 0.01
"""No threshold is smaller, so that distances can be given in units of it."""


def thresholds(gallery: Gallery, distances: Floats, threshold: float) -> Floats:
    """Distances (p,) below which a face is each of the people of a gallery.

    Only the nearest person's can be above its distance: the others have that person as a rival.

    Args:
        gallery: with p people.
        distances: (p,) of the face to each of them.
        threshold: for a person without a rival.
    """
    if len(distances) < 2:
        return np.full(len(distances), threshold)
    nearest, second = np.partition(distances, 1)[:2]
    others = np.full(len(distances), nearest)
    others[int(np.argmin(distances))] = second
    return allowed(np.minimum(others, gallery.separations), threshold)


def allowed(rivals: Floats, threshold: float) -> Floats:
    """Distances below which a face is a person whose nearest rival is so far away."""
    near = np.minimum(rivals, FARTHEST_RIVAL)
    return np.maximum(np.minimum(threshold * np.sqrt(near / USUAL_RIVAL), NEARER * near), SMALLEST)


def relative(gallery: Gallery, distances: Floats, threshold: float) -> Floats:
    """Distances (p,) in units of each person's threshold: below 1 the face is that person."""
    return distances / thresholds(gallery, distances, threshold)


def who(gallery: Gallery, distances: Floats, threshold: float) -> int:
    """The place among the gallery's people of the one whose face it is; -1 for nobody of them."""
    if not len(distances):
        return -1
    person = int(np.argmin(distances))
    return person if distances[person] < thresholds(gallery, distances, threshold)[person] else -1
