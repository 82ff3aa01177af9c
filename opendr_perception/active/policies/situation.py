"""History of an episode, and its encoding for a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from opendr_perception.active.perception import UNKNOWN, FaceObservation, RangeOnly, Recognition, belief, best

LANDMARKS = 12
NUMBERS = (
    "found", "confidence", "second", "size", "best", "best second", "same name", "pan to best", "pan",
    "pan to leftmost", "pan to rightmost", "gain", "turned", "came nearer", "looks", "distance", "blocked",
    "probability", "unknown",
)  # fmt: skip
"""Numbers of an observation besides the landmarks, as `observe` gives them."""
FEATURES = LANDMARKS + len(NUMBERS)


@dataclass(frozen=True)
class Situation:
    """History of an episode.

    Args:
        views: real looks at the face.
        places: from where was looked, with or without finding a face.
        found: whether the last look found it.
        blocked: whether the last move could not be made.
    """

    views: tuple[FaceObservation, ...] = ()
    places: tuple[RangeOnly, ...] = ()
    found: bool = False
    blocked: bool = False

    def after(self, look: FaceObservation | RangeOnly, blocked: bool = False) -> Situation:
        """The situation after one more look."""
        found = isinstance(look, FaceObservation)
        views = (*self.views, look) if isinstance(look, FaceObservation) else self.views
        return Situation(views, (*self.places, RangeOnly(look.distance, look.pan)), found, blocked)

    @cached_property
    def belief(self) -> dict[str, float]:
        """The probability of each name, and of nobody of them."""
        return belief(self.views)


def observe(situation: Situation) -> np.ndarray:
    """Encode a situation for the network.

    Returns:
        (31,) float32: x, y of the six landmarks from the middle of the face's box, in its sides; then NUMBERS: whether
        the face is found; confidence of the likeliest and the second name now; log2 of the face's side over 64 pixels;
        the two confidences in the best of all views; whether its name is that of now; pan from here to it; pan from
        the first place, and from here to the outermost ones; what the last move changed: confidence, pan, log2 of the
        distance; number of looks over 7; log2 of the distance over 2 m; whether the last move could not be made; the
        probabilities of the likeliest name and of nobody. Angles in rad; what is not known is 0.
    """
    places, views = situation.places, situation.views
    here, before = places[-1], places[max(len(places) - 2, 0)]
    pans = [place.pan - here.pan for place in places]
    chances = situation.belief
    numbers = dict.fromkeys(NUMBERS, 0.0)
    numbers |= {
        "found": float(situation.found),
        "pan": here.pan,
        "pan to leftmost": min(pans),
        "pan to rightmost": max(pans),
        "turned": here.pan - before.pan,
        "came nearer": _log_ratio(before.distance, here.distance),
        "looks": len(places) / 7,
        "distance": _log_ratio(here.distance, 2.0),
        "blocked": float(situation.blocked),
        "probability": max((chance for name, chance in chances.items() if name != UNKNOWN), default=0.0),
        "unknown": chances.get(UNKNOWN, 0.0),
    }
    if views:
        favourite = best(views)
        identity = favourite.recognition.identity
        numbers |= {
            "best": favourite.recognition.confidence,
            "best second": max(_second(view.recognition, identity) for view in views),
            "pan to best": favourite.pan - here.pan,
        }
    landmarks = [0.0] * LANDMARKS
    if situation.found:
        now = views[-1]
        side = np.maximum(now.box[2:] - now.box[:2], 1e-6)
        landmarks = ((now.landmarks - (now.box[:2] + now.box[2:]) / 2) / side).ravel().tolist()
        numbers |= {
            "confidence": now.recognition.confidence,
            "second": _second(now.recognition, now.recognition.identity),
            "size": math.log2(math.sqrt(side[0] * side[1]) / 64),
            "same name": float(now.recognition.identity == identity),
            "gain": now.recognition.confidence - views[max(len(views) - 2, 0)].recognition.confidence,
        }
    observation = np.array([*landmarks, *numbers.values()], np.float32)
    observation[~np.isfinite(observation)] = 0.0
    return observation.clip(-4, 4)


def _second(recognition: Recognition, identity: str) -> float:
    """Confidence of the likeliest name but one; at least -1."""
    if recognition.identity != identity:
        return max(recognition.confidence, -1.0)
    confidences = sorted(map(recognition.confidence_in, recognition.distances), reverse=True)
    return max(confidences[1], -1.0) if len(confidences) > 1 else -1.0


def _log_ratio(distance: float, other: float) -> float:
    return math.log2(distance / other) if distance > 0 and other > 0 else 0.0
