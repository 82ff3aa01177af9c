"""The facial expression in single images, and how far it can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.emotion.trust import FaceView, trust_in, trust_in_light, trust_in_sharpness
from opendr_perception.tasks.face import EXPRESSION, EXPRESSION_MARGIN
from opendr_perception.tasks.imaging import Image, crop_resize, square
from opendr_perception.tasks.shapes import Affect, PerhapsFeatures, PerhapsScores, ProbabilitiesOfEach, Scores

EXPRESSIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
"""Labels of the zoo's networks, in their order."""

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
    "normal": "neutral",
    "happiness": "happy",
    "happy": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "disgust": "disgusted",
    "surprise": "surprised",
}
"""Names of the same expressions in other networks."""


@dataclass(frozen=True)
class Crop:
    """Crop of a face for a network.

    Args:
        margin: side of the square over the longer side of the face's box.
        rise: how far its middle is above that of the box, over the longer side of the box.
    """

    margin: float = EXPRESSION_MARGIN
    rise: float = 0.0

    def around(self, box: np.ndarray) -> tuple[float, float, float, float]:
        """The square for a box (4,): x_min, y_min, x_max, y_max in pixels; it may reach beyond the image."""
        up = self.rise * float((box[2:] - box[:2]).max())
        return square(box - np.array([0.0, up, 0.0, up]), self.margin)


@dataclass(frozen=True)
class SeenExpressions:
    """Answers of a network about n faces, and the trust in them.

    Args:
        probabilities: (n, labels), each summing to 1.
        affect: (n, 2) valence and arousal in [-1, 1]; NaN if unknown.
        trust: (n,) from 0 to 1, by how well each face can be seen.
        features: (n, c) the output that was asked for, as it is; or (n, 0).
    """

    probabilities: ProbabilitiesOfEach
    affect: Affect
    trust: Scores
    features: PerhapsFeatures


@dataclass(frozen=True)
class Expressions:
    """Expressions of n faces in single images.

    Args:
        probabilities: (n, labels), each summing to 1; nearer to equal the less the view can be trusted.
        affect: (n, 2) valence and arousal in [-1, 1], nearer to 0 the less the view can be trusted; NaN if unknown.
        features: (n, c) an output of the network as it is, for temporal networks that were trained on it; or (n, 0).
        trust: (n,) from 0 to 1; or (0,) where nothing is known.
    """

    probabilities: ProbabilitiesOfEach
    affect: Affect
    features: PerhapsFeatures = field(default_factory=lambda: np.empty((0, 0), np.float32))
    trust: PerhapsScores = field(default_factory=lambda: np.empty(0))

    def __getitem__(self, places: Sequence[int]) -> Expressions:
        """Some of the faces."""
        rows = np.asarray(places, np.intp)
        features = self.features[rows] if len(self.features) else self.features
        trust = self.trust[rows] if len(self.trust) else self.trust
        return Expressions(self.probabilities[rows], self.affect[rows], features, trust)


class ExpressionNet:
    """Tells the expressions of faces, whoever they are, from one image each.

    Args:
        session: a network of the zoo, or one with the input `image` uint8 (N, H, W, 3) RGB, the output
            `probabilities` (N, labels), optionally the output `valence_arousal` (N, 2), and the metadata `labels`, a
            JSON list, and optionally `crop`, a JSON object with the numbers of `Crop`.
        feature: another output (N, c) to hand on as it is, for temporal networks that were trained on it.

    Attributes:
        labels: of the probabilities.
        crop: how a face is cut out.
        size: height and width of the cut, pixels.
        features: numbers of `feature`.

    Raises:
        EngineError: it is a model of another kind.
    """

    def __init__(self, session: Session, feature: str = "") -> None:
        self.labels = _labels(session)
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[Tensor("probabilities", (None, len(self.labels)), np.dtype(np.float32))],
        )
        _, height, width, _ = session.inputs[0].shape
        if height is None or width is None:
            raise EngineError(f"{session.path}: the size of the crops must be fixed, found {session.inputs[0]}")
        if feature:
            session.expect(inputs=["image"], outputs=[feature])
        self.features = next((t.shape[-1] or 0 for t in session.outputs if t.name == feature), 0)
        self.crop = _crop(session)
        self._feature = feature
        self._session = session
        self.size = (height, width)

    def __call__(self, faces: Sequence[tuple[Image, FaceView]]) -> Expressions:
        """Look at faces, each in its image, as one batch; every one must be `visible`."""
        seen = self.look(faces)
        trust = seen.trust[:, None]
        probabilities = trust * seen.probabilities + (1 - trust) / len(self.labels)
        return Expressions(probabilities, trust * seen.affect, seen.features, seen.trust)

    def look(self, faces: Sequence[tuple[Image, FaceView]]) -> SeenExpressions:
        """The same, with what the network says as it is, and the trust by itself."""
        if not faces:
            return SeenExpressions(
                np.empty((0, len(self.labels))), np.empty((0, 2)), np.empty(0), np.empty((0, 0), np.float32)
            )
        crops = np.empty((len(faces), *self.size, 3), np.uint8)
        for crop, (image, face) in zip(crops, faces, strict=True):
            crop_resize(image, self.crop.around(face.box), self.size, "rgb", crop)
        found = self._session.run_batch({"image": crops})
        probabilities = _normalised(found["probabilities"])
        affect = found.get("valence_arousal", mean_affect(probabilities, self.labels))
        trust = [
            trust_in(face, image) * trust_in_light(crop) * trust_in_sharpness(crop)
            for crop, (image, face) in zip(crops, faces, strict=True)
        ]
        features = found[self._feature] if self._feature else np.empty((len(faces), 0), np.float32)
        return SeenExpressions(probabilities, np.clip(affect, -1, 1), np.array(trust), features)


def name_of(label: str) -> str:
    """Name of an expression here, whatever a network or a data set calls it."""
    return _SYNONYMS.get(label.lower(), label.lower())


def affect_of(labels: Sequence[str]) -> np.ndarray:
    """Valence and arousal (labels, 2) of expressions by their names; NaN for those whose place is not known."""
    return np.array([CIRCUMPLEX.get(name_of(label), (np.nan, np.nan)) for label in labels])


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


def _crop(session: Session) -> Crop:
    text = session.metadata.get("crop")
    if text is None:
        return Crop()
    try:
        crop = Crop(**{name: float(value) for name, value in json.loads(text).items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise EngineError(f"{session.path}: how faces are to be cut out cannot be read: {error!r}") from error
    if not (0.5 <= crop.margin <= 4 and abs(crop.rise) <= 1):
        raise EngineError(f"{session.path}: faces cannot be cut out with {crop}")
    return crop


def _normalised(probabilities: np.ndarray) -> np.ndarray:
    """Rows that sum to 1; equal ones where the network gave nothing that can be used."""
    usable = np.where(np.isfinite(probabilities), probabilities, 0).clip(0).astype(np.float64)
    sums = usable.sum(1, keepdims=True)
    return np.where(sums > 0, usable / np.where(sums > 0, sums, 1), 1 / usable.shape[1])
