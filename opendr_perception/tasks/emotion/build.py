"""From settings to a perceiver of the expression, valence and arousal of faces."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.settings import parameter
from opendr_perception.tasks.emotion.expression import ExpressionNet
from opendr_perception.tasks.emotion.films import FilmNetwork, feature_of
from opendr_perception.tasks.emotion.recognition import (
    Emotion,
    EmotionMemory,
    EmotionRecogniser,
    FacesInView,
)
from opendr_perception.tasks.emotion.smoothing import Average, Exponential, Smoothing, Temporal, Unsmoothed
from opendr_perception.tasks.emotion.trust import FaceView
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.memories import Kinds, new_serial
from opendr_perception.tasks.perceiver import Moment, PerceiverSettings, Warn
from opendr_perception.tasks.tracks import TrackPerceiver


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Emotions."""

    model: str = parameter(
        "expression-research",
        "An expression network of the zoo, one of your own (models import hsemotion), or an ONNX file with the input "
        "image uint8 (N, H, W, 3) RGB, the output probabilities (N, C), optionally the output valence_arousal (N, 2), "
        "and the metadata labels, a JSON list, and optionally crop, a JSON object that says how faces are cut out.",
        read_only=True,
    )
    temporal: str = parameter(
        "emotion-nactcn",
        "Temporal model of a track: a temporal network of the zoo, an ONNX file like it or one that learned "
        "from films with labels on the same model, 'exponential' for an average with a time constant of 0.14 s, or "
        "'none' for single frames. A network whose labels are not those of the model is replaced by the "
        "average.",
        read_only=True,
    )
    max_faces: int = parameter(
        20,
        "Largest number of faces that are processed, the largest ones first; the time grows with it.",
        minimum=1,
        maximum=1000,
    )


@dataclass(frozen=True)
class FacesOfImage:
    """An image, and where the faces in it are."""

    image: Image
    faces: Sequence[FaceView]


@dataclass(frozen=True)
class Emotions:
    """Emotions of the faces of one image.

    Args:
        labels: of the probabilities.
        faces: one answer for each face that can be seen.
    """

    labels: Sequence[str]
    faces: Sequence[Emotion]


class EmotionPerceiver(TrackPerceiver[Settings, FacesOfImage, EmotionMemory, Emotions]):
    """Looks at faces, and follows those that have tracks with a temporal network."""

    recogniser: EmotionRecogniser

    def __init__(self, settings: Settings, sessions: zoo.Sessions, warn: Warn) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions, warn)
        net, smoothing = _networks(settings, session, sessions, warn)
        session.warm_up()
        self.recogniser = EmotionRecogniser(net, smoothing)
        self.adopt(settings)

    @property
    def labels(self) -> Sequence[str]:
        """Of the expressions."""
        return self.recogniser.labels

    def new_memory(self) -> EmotionMemory:
        return EmotionMemory()

    def kinds(self) -> Kinds:
        return {EmotionMemory: {"serial": new_serial}, Emotion: {}, Average: {}}

    def adopt(self, settings: Settings) -> None:
        self.recogniser.lost_after = settings.max_gap
        self.recogniser.max_faces = settings.max_faces

    def perceive(self, moments: Sequence[Moment[FacesOfImage, EmotionMemory]]) -> Iterable[Emotions]:
        views = [FacesInView(each.memory, each.input.image, each.input.faces, each.stamp) for each in moments]
        return [Emotions(self.labels, faces) for faces in self.recogniser(views)]


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> EmotionPerceiver:
    """A perceiver of the emotions of faces that were found before.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: a model cannot be had or loaded, or is of another kind.
    """
    values.check(settings)
    return EmotionPerceiver(settings, sessions, warn)


def _networks(
    settings: Settings, session: Session, sessions: zoo.Sessions, warn: Warn
) -> tuple[ExpressionNet, Smoothing]:
    """The network for single frames, and what joins them."""
    if settings.temporal == "none":
        return ExpressionNet(session), Unsmoothed()
    if settings.temporal == "exponential":
        return ExpressionNet(session), Exponential()
    over_time = settings.open(settings.temporal, sessions)
    if "encoder" in over_time.metadata:
        feature = feature_of(over_time, session)
        net = ExpressionNet(session, feature)
        return net, FilmNetwork(over_time, net.features)
    net, temporal = ExpressionNet(session), Temporal(over_time)
    if temporal.labels == net.labels:
        return net, temporal
    warn(
        f"{settings.temporal} is for the labels {', '.join(temporal.labels)}, but {settings.model} has "
        f"{', '.join(net.labels)}: frames are joined by an exponential average instead"
    )
    return net, Exponential()
