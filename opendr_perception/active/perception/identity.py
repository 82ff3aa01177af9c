"""Identity given all views: a probability for each enrolled person, and for none of them.

A face from the side or of few pixels is far from everybody, itself included, so that its distances say little; a good
view tells people apart by less than the threshold, which is right on average. Therefore each view counts by what was
measured of views like it (`training.view.distances`): 1200 of simulated people who are enrolled from the front, in any
light, from 1 to 8 m.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
OWN = np.array([0.66, 0.72, 0.90, 1.11, 1.21, 1.34, 1.38])
OTHER = np.array([1.28, 1.28, 1.31, 1.36, 1.37, 1.43, 1.45])
"""Mean distance to oneself and to others at these angles, in units of the threshold, of faces that are large enough."""
LARGE_ENOUGH = 36.0
"""Pixels of the longer side of the face's box."""
OWN_OF_SMALL, OTHER_OF_SMALL = 0.41, 0.12
"""By how much distances grow for a face from the front of half that size."""
SPREAD = 0.15
"""Standard deviation of the distances of views that are alike."""
MISLEADING = -3.0
"""The strongest evidence (log-likelihood ratio) of one view against a name: now and then what was found is no face."""
INDEPENDENT = math.radians(15)
"""Views from directions that are nearer to each other than this say in part the same."""
SAME_VIEW = 0.2
"""Weight of a view from the place of the last one, relative to a view on its own."""


def belief(views: Sequence[FaceObservation]) -> dict[str, float]:
    """The probability of each name, and of UNKNOWN.

    Args:
        views: of one person; those without distances say nothing.
    """
    evidence: dict[str, float] = {}
    before: FaceObservation | None = None
    for view in views:
        if not view.recognition.distances:
            continue
        own, other = expected_distances(view)
        weight = 1.0 if before is None else _novelty(before, view)
        before = view
        for name, distance in view.recognition.distances.items():
            # The ratio of two likelihoods, normal and of one spread, is linear in the distance.
            ratio = (other - own) / SPREAD**2 * ((own + other) / 2 - distance)
            evidence[name] = evidence.get(name, 0.0) + weight * max(ratio, MISLEADING)
    if not evidence:
        return {UNKNOWN: 1.0}
    known = math.log((1 - STRANGER) / len(evidence))
    logs = {UNKNOWN: math.log(STRANGER), **{name: known + value for name, value in evidence.items()}}
    top = max(logs.values())
    shares = {name: math.exp(value - top) for name, value in logs.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def most_probable(views: Sequence[FaceObservation]) -> tuple[str, float]:
    """The most probable name, or UNKNOWN, and its probability."""
    return max(belief(views).items(), key=lambda item: item[1])


def expected_distances(view: FaceObservation) -> tuple[float, float]:
    """Expected distances of such a view to the same person, and to others, in units of the threshold."""
    angle = abs(apparent_yaw(view))
    lack = max(0.0, LARGE_ENOUGH / max(view.size, 1.0) - 1) * math.cos(angle)
    own, other = (float(np.interp(angle, ANGLES, means)) for means in (OWN, OTHER))
    return own + OWN_OF_SMALL * lack, other + OTHER_OF_SMALL * lack


def apparent_yaw(view: FaceObservation) -> float:
    """Yaw of a head by its landmarks, rad, positive when the nose points to the right; a profile if unknown."""
    yaw = _yaw(np.asarray(view.landmarks, np.float64).tobytes(), view.image.width, view.image.height)
    return math.pi / 2 if math.isnan(yaw) else max(-math.pi / 2, min(math.pi / 2, yaw))


@lru_cache(maxsize=64)
def _yaw(landmarks: bytes, width: int, height: int) -> float:
    """Of a head, rad; kept, because all views are asked again after every look."""
    return head_pose(np.frombuffer(landmarks).reshape(-1, 2), PinholeCamera.assumed(width, height))[0]


def _novelty(before: FaceObservation, view: FaceObservation) -> float:
    """Information of a view beyond the one before it."""
    turned = abs(view.pan - before.pan) / INDEPENDENT
    nearer = abs(math.log2(max(view.size, 1.0) / max(before.size, 1.0)))
    return min(1.0, max(SAME_VIEW, turned, nearer))
