"""The facial expression in single images, and how far it can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.face import EXPRESSION, EXPRESSION_MARGIN
from opendr_perception.tasks.imaging import Image, crop_resize, square

EXPRESSIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
"""Labels of the zoo's `face-expression`, in its order."""

CIRCUMPLEX: Mapping[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "happy": (0.76, 0.48),
    "sad": (-0.63, -0.27),
    "angry": (-0.51, 0.59),
    "fearful": (-0.64, 0.60),
    "disgusted": (-0.60, 0.35),
    "surprised": (0.40, 0.67),
}
"""Valence and arousal of each expression: mean ratings of the words joy, sadness, anger, fear, disgust and surprise
[Russell and Mehrabian 1977: pleasure and arousal]; neutral is the origin."""

_SYNONYMS = {
    "happiness": "happy",
    "happy": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "disgust": "disgusted",
    "surprise": "surprised",
}
"""Names of the same expressions in other networks."""

Span = tuple[float, float]

TRUSTED_SIZE: Span = (12.0, 48.0)
"""Pixels of the box's shorter side: below the first an expression says nothing, from the second on it is trusted."""
TRUSTED_SHARE: Span = (0.5, 0.95)
"""The same for the share of the box, and of the landmarks, that lies in the image."""
TRUSTED_ANGLES: tuple[Span, Span, Span] = ((65.0, 30.0), (45.0, 20.0), (60.0, 20.0))
"""The same for yaw, pitch and roll of the head in degrees. Pitch is narrow: networks call who looks down sad."""


@dataclass(frozen=True)
class FaceView:
    """Position and head pose of a face in an image.

    Args:
        box: (4,) x_min, y_min, x_max, y_max in pixels; it may reach beyond the image, or be no box at all.
        landmarks: (k, 2) x, y in pixels; a detector may have cut the box, but not them, to the image.
        angles: yaw, pitch and roll in radians relative to the camera; NaN where unknown.
        track: a name that stays with the face; '' if it has none.
    """

    box: np.ndarray
    landmarks: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    angles: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    track: str = ""


@dataclass(frozen=True)
class Expressions:
    """Expressions of n faces in single images.

    Args:
        probabilities: (n, labels), each summing to 1; nearer to equal the less the view can be trusted.
        affect: (n, 2) valence and arousal in [-1, 1], nearer to 0 the less the view can be trusted; NaN if unknown.
    """

    probabilities: np.ndarray
    affect: np.ndarray


class ExpressionNet:
    """Tells the expressions of faces, whoever they are, from one image each.

    Args:
        session: the zoo's `face-expression`, or a network with the input `image` uint8 (N, H, W, 3) RGB, the output
            `probabilities` (N, labels), optionally the output `valence_arousal` (N, 2), and the metadata `labels`, a
            JSON list.

    Raises:
        EngineError: it is a model of another kind.
    """

    def __init__(self, session: Session) -> None:
        self.labels = _labels(session)
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[Tensor("probabilities", (None, len(self.labels)), np.dtype(np.float32))],
        )
        _, height, width, _ = session.inputs[0].shape
        if height is None or width is None:
            raise EngineError(f"{session.path}: the size of the crops must be fixed, found {session.inputs[0]}")
        self._session = session
        self._size = (height, width)

    def __call__(self, faces: Sequence[tuple[Image, FaceView]]) -> Expressions:
        """Look at faces, each in its image, as one batch; every one must be `visible`."""
        if not faces:
            return Expressions(np.empty((0, len(self.labels))), np.empty((0, 2)))
        crops = np.empty((len(faces), *self._size, 3), np.uint8)
        for crop, (image, face) in zip(crops, faces, strict=True):
            crop_resize(image, square(face.box, EXPRESSION_MARGIN), self._size, "rgb", crop)
        found = self._session.run_batch({"image": crops})
        probabilities = _normalised(found["probabilities"])
        affect = found.get("valence_arousal", mean_affect(probabilities, self.labels))
        trust = np.array([trust_in(face, image) for image, face in faces])[:, None]
        return Expressions(trust * probabilities + (1 - trust) / len(self.labels), trust * np.clip(affect, -1, 1))


def visible(face: FaceView, image: Image) -> bool:
    """True if the face has a box, and some of it lies in the image."""
    return bool(np.isfinite(face.box).all()) and _share_inside(face.box, image) > 0


def trust_in(face: FaceView, image: Image) -> float:
    """Trust in the expression of a view, from 0 to 1: by size, visible share of the face and angles of the
    head, where they are known."""
    width, height = face.box[2:] - face.box[:2]
    grades = [_ramp(min(width, height), TRUSTED_SIZE), _ramp(_share_inside(face.box, image), TRUSTED_SHARE)]
    if len(face.landmarks):
        inside = (face.landmarks >= 0) & (face.landmarks <= (image.width, image.height))
        grades.append(_ramp(inside.all(axis=1).mean(), TRUSTED_SHARE))
    for angle, span in zip(np.degrees(face.angles), TRUSTED_ANGLES, strict=True):
        grades.append(1.0 if np.isnan(angle) else _ramp(abs(angle), span))
    return float(np.prod(grades))


def affect_of(labels: Sequence[str]) -> np.ndarray:
    """Valence and arousal (labels, 2) of expressions by their names; NaN for those whose place is not known."""
    names = [_SYNONYMS.get(label.lower(), label.lower()) for label in labels]
    return np.array([CIRCUMPLEX.get(name, (np.nan, np.nan)) for name in names])


def mean_affect(probabilities: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Valence and arousal (n, 2) that are expected with probabilities (n, labels), without those labels whose place is
    not known; NaN if none is."""
    places = affect_of(labels)
    known = np.isfinite(places).all(axis=1)
    if not known.any():
        return np.full((len(probabilities), 2), np.nan)
    weights = probabilities[:, known]
    expected: np.ndarray = weights @ places[known] / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    return expected


def _labels(session: Session) -> tuple[str, ...]:
    if "labels" in session.metadata:
        try:
            return tuple(map(str, json.loads(session.metadata["labels"])))
        except (TypeError, ValueError) as error:
            raise EngineError(f"{session.path}: its labels cannot be read: {error!r}") from error
    shapes = [tensor.shape[1:] for tensor in (*session.inputs, *session.outputs)]
    if shapes != [(EXPRESSION, EXPRESSION, 3), (len(EXPRESSIONS),)]:
        raise EngineError(f"{session.path}: not a network for expressions: it has no labels in its metadata")
    return EXPRESSIONS  # the zoo's own, whose files have no metadata


def _normalised(probabilities: np.ndarray) -> np.ndarray:
    """Rows that sum to 1; equal ones where the network gave nothing that can be used."""
    usable = np.where(np.isfinite(probabilities), probabilities, 0).clip(0).astype(np.float64)
    sums = usable.sum(1, keepdims=True)
    return np.where(sums > 0, usable / np.where(sums > 0, sums, 1), 1 / usable.shape[1])


def _share_inside(box: np.ndarray, image: Image) -> float:
    size = np.maximum(box[2:] - box[:2], 0)
    inside = np.minimum(box[2:], (image.width, image.height)) - np.maximum(box[:2], 0)
    return float((np.maximum(inside, 0) / size).prod()) if size.all() else 0.0


def _ramp(value: float, span: Span) -> float:
    """From 0 at the first end of a span to 1 at the second."""
    return float(np.clip((value - span[0]) / (span[1] - span[0]), 0, 1))
