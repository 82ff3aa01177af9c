"""Observations of a person: views, ranges without a face, and recognitions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from opendr_perception.active.perception.face_mesh import HeadFit
from opendr_perception.tasks.imaging import Image, Pixels


@dataclass(frozen=True)
class Recognition:
    """Recognition of a face.

    Args:
        identity: the nearest enrolled name; '' when the gallery is empty.
        confidence: 1 - distance / threshold, negative when it is more likely nobody of them; NaN for an empty gallery.
        distances: of the embedding to every enrolled name, in units of the gallery's threshold, whoever else is near.
        confidences: in every enrolled name, by the threshold that this person has for this face.
    """

    identity: str
    confidence: float
    distances: Mapping[str, float] = field(default_factory=dict)
    confidences: Mapping[str, float] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """True if this is near enough to be that person."""
        return self.confidence > 0

    def confidence_in(self, name: str) -> float:
        """Confidence in a name; -inf where nothing is known of it."""
        return self.confidences.get(name, 1 - self.distances.get(name, math.inf))

    @property
    def rank(self) -> float:
        """The confidence, by which views are compared; an unknown one is worse than all."""
        return -math.inf if math.isnan(self.confidence) else self.confidence


class Recogniser(Protocol):
    """Names aligned faces."""

    def __call__(self, crops: Sequence[Pixels]) -> list[Recognition]:
        """Recognise faces (S, S, 3) uint8 RGB, aligned for the embedder."""
        ...


@dataclass(frozen=True, eq=False)
class FaceObservation:
    """A real look at the person, taken while the robot stood still.

    Args:
        image: the image.
        box: (4,) of the face, source pixels.
        landmarks: (6, 2) of the face, source pixels.
        recognition: of the face.
        distance: of the person, m.
        pan: how far the robot has gone around the person since the first view, rad; positive to its own right.
        score: of the detector, in [0, 1].
        head: the mesh that was fitted to the face; None where nobody has tried.
    """

    image: Image
    box: np.ndarray
    landmarks: np.ndarray
    recognition: Recognition
    distance: float = math.nan
    pan: float = 0.0
    score: float = 1.0
    head: HeadFit | None = None

    @property
    def size(self) -> float:
        """The longer side of the face's box, pixels."""
        return float((self.box[2:] - self.box[:2]).max())


@dataclass(frozen=True)
class RangeOnly:
    """A look at a person whose face is not found, but of whom something else tells where they stand.

    Args:
        distance: of the person, m.
        pan: as that of a view.
    """

    distance: float
    pan: float


def best(views: Sequence[FaceObservation]) -> FaceObservation:
    """The view that decides who it is: a real one, and the most confident, not the last [Kakaletsis 2022, eq. 2]."""
    return max(views, key=lambda view: view.recognition.rank)
