"""From settings to a perceiver of poses: people first and then their keypoints, or all at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.settings import parameter
from opendr_perception.tasks.body.bottom_up import BottomUpEstimator, PoseOverview
from opendr_perception.tasks.body.formats import bottom_up, is_bottom_up, name_of
from opendr_perception.tasks.body.layouts import LAYOUTS
from opendr_perception.tasks.body.pose import PoseEstimator, Poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import (
    DetectionSettings,
    DetectorOverview,
    Finder,
    Glance,
    HighResolutionDetector,
    Overview,
    PersonTracker,
    Resolution,
    new_ids,
    track_ids,
)
from opendr_perception.tasks.perceiver import ImagePerceiver, Moment, Warn
from opendr_perception.tasks.presence import HumanPresence

OVERVIEWS = {"detector": 0.25, "presence": 0.95, "pose": 0.1}
"""What a glance can see people with, and the value of its heatmap from which on that is worth a closer look."""
PRESENCE_MODEL = "presence-1080p"


@dataclass(frozen=True)
class Settings(DetectionSettings):
    """Poses."""

    model: str = parameter(
        "movenet-lightning",
        "movenet-lightning is fast, movenet-thunder is more exact at about four times the cost; or a pose network of "
        "yours (opendr-perception models list, import), or the path of an ONNX file: of one of these, or of "
        "Lightweight OpenPose, written by opendr_perception.training.body.export.",
        read_only=True,
    )
    detector: str = parameter(
        "nanodet",
        "A person detector of the zoo or one of yours (opendr-perception models list, import), or the path of its ONNX "
        "file. A pose network that finds all people at once needs it for the overview only.",
        read_only=True,
    )
    max_persons: int = parameter(
        20,
        "At most so many people, the largest ones, are looked at; the time grows with their number.",
        minimum=1,
        maximum=1000,
    )
    layout: str = parameter(
        "coco17",
        "Order of the keypoints. openpose18 has one more, the neck: the middle of the shoulders.",
        choices=LAYOUTS,
    )
    high_resolution: bool = parameter(
        False,
        "For large images with small people: glance at the image in base_height_1, and look closer, in base_height_2, "
        "only where somebody may be. input_size is not used then.",
    )
    base_height_1: int = parameter(
        360,
        "With high_resolution: pixels of the shorter side of the image in the glance, at least; blocks of pixels are "
        "averaged. Larger finds smaller people. An image less than twice as large is looked at without a glance, at "
        "this height.",
        minimum=64,
        maximum=4096,
    )
    base_height_2: int = parameter(
        200,
        "With high_resolution: pixels of the height of each part that is looked at closer. The parts together never "
        "have more pixels than the whole image at this height, which limits the time that an image takes.",
        minimum=64,
        maximum=4096,
    )
    overview: str = parameter(
        "detector",
        "With high_resolution: what the glance sees people with: the detector's own scores, the network of the node "
        "human_presence, or Lightweight OpenPose, if that is the model.",
        choices=OVERVIEWS,
        read_only=True,
    )


class PosePerceiver(ImagePerceiver[Settings, PersonTracker, Poses]):
    """Finds and tracks poses, with or without a glance at large images first; a memory is a tracker."""

    def __init__(self, settings: Settings, sessions: zoo.Sessions) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions)
        self.people = Finder(settings.detector, settings, sessions)
        self._glance = Glance(_overview(settings, session, self.people.session, sessions))
        self._in_parts = HighResolutionDetector(self.people.detector, self._glance)
        self._ids = new_ids()
        self.estimator: PoseEstimator | BottomUpEstimator
        if is_bottom_up(session):
            self.estimator = BottomUpEstimator(bottom_up(session))
            self.estimator.warm_up()
        else:
            self.estimator = PoseEstimator(self.people.detector, session)
            session.warm_up()
        self.adopt(settings)

    def new_memory(self) -> PersonTracker:
        return PersonTracker(self._ids)

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        self.people.check(wanted)

    def adopt(self, settings: Settings) -> None:
        self.people.adopt(settings)
        self.estimator.max_persons = settings.max_persons
        self._glance.resolution = Resolution(
            settings.base_height_1, settings.base_height_2, threshold=OVERVIEWS[settings.overview]
        )
        if isinstance(self.estimator, BottomUpEstimator):
            self.estimator.glance = self._glance if settings.high_resolution else None
            self.estimator.score_threshold = settings.score_threshold
            self.estimator.iou_threshold = settings.iou_threshold
        else:
            self.estimator.detector = self._in_parts if settings.high_resolution else self.people.find

    def perceive(self, moments: Sequence[Moment[Image, PersonTracker]]) -> Iterable[Poses]:
        return map(self._answer, moments, self.estimator([moment.input for moment in moments]))

    def _answer(self, moment: Moment[Image, PersonTracker], poses: Poses) -> Poses:
        tracks = track_ids(moment, poses.people, self.settings)
        return replace(poses.in_layout(self.settings.layout), tracks=tracks)


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> PosePerceiver:
    """A perceiver of the poses of people in images.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed, or that cannot work.
        ZooError, EngineError: a model cannot be had or loaded.
    """
    values.check(settings)
    return PosePerceiver(settings, sessions)


def _overview(settings: Settings, model: Session, detector: Session, sessions: zoo.Sessions) -> Overview:
    if settings.overview == "presence":
        return HumanPresence(settings.open(PRESENCE_MODEL, sessions))
    if settings.overview == "detector":
        return DetectorOverview(detector)
    if name_of(model) != "openpose":
        raise ValueError(
            "overview 'pose' needs Lightweight OpenPose: set model to an ONNX file that "
            "opendr_perception.training.body.export has written, or take overview 'detector'"
        )
    return PoseOverview(model)
