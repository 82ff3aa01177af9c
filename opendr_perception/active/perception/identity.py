"""Identity given all views: a probability for each enrolled person, and for none of them.

A face from the side or of few pixels is far from everybody, itself included, so that its distances say little; a good
view tells people apart by less than the threshold, which is right on average. Therefore each view counts by what was
measured of views like it: the likelihood ratio of its distance if it shows a person, and if it shows somebody else.
Distances are compared with that to the nearest rival, the next person of the gallery (a cohort of one, as scores are
normalised in the recognition of speakers [Auckenthaler 2000]): what hides, blurs or darkens a face moves it away from
everybody alike. `training.view.distances` has measured all constants, on simulated people who are enrolled from the
front, in any light, from 1 to 8 m, a third of them with something before the face.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from opendr_perception.active.perception.observation import FaceObservation
from opendr_perception.tasks.face import head_pose
from opendr_perception.tasks.imaging import PinholeCamera

UNKNOWN = ""
STRANGER = 0.5
"""Probability that nobody of the enrolled is seen, before anything is."""
ANGLES = np.radians([0, 15, 30, 45, 60, 75, 90])
"""Of the face, as its landmarks tell."""
LARGE_ENOUGH = 36.0
"""Pixels of the longer side of the face's box."""
FAR = 1.4
"""Distance from which on a rival is none, in units of the threshold."""
INDEPENDENT = math.radians(15)
"""Views from directions that are nearer to each other than this say in part the same."""
SAME_VIEW = 0.2
"""Weight of a view from the place of the last one, relative to a view on its own."""
PROFILE = math.radians(60)
"""Yaw by the landmarks from which on the mesh does not fit: it has learned to see two eyes."""
MIN_PRESENCE = 0.5
"""Of a face in the mesh's crop. In 60 scenes no view below it was right about who it was, and a third of them were no
faces: leaves, and heads from behind, which the detector takes for faces that look into the camera."""


@dataclass(frozen=True)
class Likelihoods:
    """Measured distributions of distances, in units of the threshold.

    Args:
        own: mean to oneself at ANGLES, of faces that are large enough.
        other: mean to others.
        own_of_small: by how much the distance to oneself grows for a face from the front of half that size.
        other_of_small: the same of the distance to others.
        spread: standard deviation of both.
        rival: share of the distance to the nearest rival that is taken off.
        spoilt: probability that a view of a person is as far from them as from others: hidden, or no face at all.
        alike: probability that somebody else is as near to a person as they are themselves.
        agreement: n views from elsewhere say as much as n to the power of this independent ones.
    """

    own: tuple[float, ...]
    other: tuple[float, ...]
    own_of_small: float
    other_of_small: float
    spread: float
    rival: float
    spoilt: float
    alike: float
    agreement: float


MEASURED = Likelihoods(
    own=(0.56, 0.56, 0.72, 1.04, 1.13, 1.34, 1.32),
    other=(1.12, 1.12, 1.21, 1.33, 1.35, 1.40, 1.39),
    own_of_small=0.63,
    other_of_small=0.25,
    spread=0.14,
    rival=0.20,
    spoilt=0.06,
    alike=0.001,
    agreement=0.58,
)
"""In 12,000 episodes of one to four views of 32 people, none of whom comes with the package."""


def belief(views: Sequence[FaceObservation], measured: Likelihoods = MEASURED) -> dict[str, float]:
    """The probability of each name, and of UNKNOWN.

    Args:
        views: of one person; those without distances, and those that are not legible, say nothing.
        measured: what views like these are worth.
    """
    evidence: dict[str, float] = {}
    looks = 0.0
    before: FaceObservation | None = None
    for view in views:
        if not view.recognition.distances or not legible(view):
            continue
        weight = 1.0 if before is None else novelty(before, view)
        looks, before = looks + weight, view
        for name, value in ratios(view, measured).items():
            evidence[name] = evidence.get(name, 0.0) + weight * value
    if not evidence:
        return {UNKNOWN: 1.0}
    known = math.log((1 - STRANGER) / len(evidence))
    trust = looks ** (measured.agreement - 1)
    logs = {UNKNOWN: math.log(STRANGER), **{name: known + trust * value for name, value in evidence.items()}}
    top = max(logs.values())
    shares = {name: math.exp(value - top) for name, value in logs.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def most_probable(views: Sequence[FaceObservation]) -> tuple[str, float]:
    """The most probable name, or UNKNOWN, and its probability."""
    return max(belief(views).items(), key=lambda item: item[1])


def ratios(view: FaceObservation, measured: Likelihoods = MEASURED) -> dict[str, float]:
    """Logarithm of the likelihood of one view if it shows each of the enrolled, over that if it shows a stranger."""
    own, other = expected_distances(view, measured)
    found = {}
    for name, distance in against_rivals(view.recognition.distances, measured.rival).items():
        # Of two normal distributions of one spread it is linear in the distance.
        ratio = (other - own) / measured.spread**2 * ((own + other) / 2 - distance)
        likelihood = math.exp(max(-50.0, min(50.0, ratio)))
        spoilt, alike = measured.spoilt, measured.alike
        found[name] = math.log((spoilt + (1 - spoilt) * likelihood) / (1 - alike + alike * likelihood))
    return found


def against_rivals(distances: Mapping[str, float], share: float) -> dict[str, float]:
    """Distances to all names, more the nearer somebody else is; in units of the threshold, at which nothing changes."""
    nearest = [*sorted(distances.values())[:2], FAR, FAR]
    return {
        name: distance - share * (min(nearest[1] if distance == nearest[0] else nearest[0], FAR) - 1)
        for name, distance in distances.items()
    }


def expected_distances(view: FaceObservation, measured: Likelihoods = MEASURED) -> tuple[float, float]:
    """Expected distances of such a view to the same person, and to others, in units of the threshold."""
    angle = abs(apparent_yaw(view))
    lack = lack_of_pixels(view.size, angle)
    own, other = (float(np.interp(angle, ANGLES, means)) for means in (measured.own, measured.other))
    return own + measured.own_of_small * lack, other + measured.other_of_small * lack


def legible(view: FaceObservation) -> bool:
    """False if what was found is no face, as far as is known, or so covered that it tells nothing."""
    return view.head is None or view.head.presence >= MIN_PRESENCE or abs(apparent_yaw(view)) >= PROFILE


def lack_of_pixels(size: float, angle: float) -> float:
    """Lack of size of a face: 0 when it is large enough, 1 at half of that, seen from the front."""
    return max(0.0, LARGE_ENOUGH / max(size, 1.0) - 1) * math.cos(angle)


def apparent_yaw(view: FaceObservation) -> float:
    """Yaw of a head by its landmarks, rad, positive when the nose points to the right; a profile if unknown."""
    yaw = _yaw(np.asarray(view.landmarks, np.float64).tobytes(), view.image.width, view.image.height)
    return math.pi / 2 if math.isnan(yaw) else max(-math.pi / 2, min(math.pi / 2, yaw))


@lru_cache(maxsize=64)
def _yaw(landmarks: bytes, width: int, height: int) -> float:
    """Of a head, rad; kept, because all views are asked again after every look."""
    return head_pose(np.frombuffer(landmarks).reshape(-1, 2), PinholeCamera.assumed(width, height))[0]


def novelty(before: FaceObservation, view: FaceObservation) -> float:
    """Information of a view beyond the one before it."""
    turned = abs(view.pan - before.pan) / INDEPENDENT
    nearer = abs(math.log2(max(view.size, 1.0) / max(before.size, 1.0)))
    return min(1.0, max(SAME_VIEW, turned, nearer))
