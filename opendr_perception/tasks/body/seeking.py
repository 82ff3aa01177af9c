"""Find people for pose estimation, in parts of large images or in all of an image."""

from __future__ import annotations

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.body.bottom_up import BottomUpEstimator, PoseOverview
from opendr_perception.tasks.body.formats import bottom_up, is_bottom_up, name_of
from opendr_perception.tasks.body.pose import PeopleDetector, PoseEstimator
from opendr_perception.tasks.body.settings import OVERVIEWS, Settings
from opendr_perception.tasks.people import (
    DetectorOverview,
    Finder,
    HighResolutionDetector,
    Overview,
    RegionProposer,
    Resolution,
)
from opendr_perception.tasks.presence import HumanPresence

PRESENCE_MODEL = "presence-1080p"


class Seeker:
    """The person detector, with a glance at large images first if that is wanted.

    Args:
        settings: to begin with.
        model: of the poses, which may be what glances.
        sessions: open the other models.

    Raises:
        ValueError: the model cannot glance, or a setting has a wrong value.
        ZooError, EngineError: a model cannot be had or loaded.
    """

    def __init__(self, settings: Settings, model: Session, sessions: zoo.Sessions) -> None:
        self.people = Finder(settings.detector, settings, sessions)
        self._glance = RegionProposer(_overview(settings, model, self.people.session, sessions))
        self._in_parts = HighResolutionDetector(self.people.detector, self._glance)
        self.find: PeopleDetector = self.people.find
        """Finds people as the settings want it."""

    def estimator(self, model: Session) -> PoseEstimator | BottomUpEstimator:
        """The estimator of keypoints for the kind of the model: bottom-up or top-down."""
        return (
            BottomUpEstimator(bottom_up(model)) if is_bottom_up(model) else PoseEstimator(self.people.detector, model)
        )

    def adopt(self, settings: Settings, estimator: PoseEstimator | BottomUpEstimator) -> None:
        """Let an estimator look for people as the settings want it from now on."""
        self.people.adopt(settings)
        self._glance.resolution = Resolution(
            settings.base_height_1, settings.base_height_2, threshold=OVERVIEWS[settings.overview]
        )
        self.find = self._in_parts if settings.high_resolution else self.people.find
        if isinstance(estimator, BottomUpEstimator):
            estimator.glance = self._glance if settings.high_resolution else None
            estimator.score_threshold = settings.score_threshold
            estimator.iou_threshold = settings.iou_threshold
        else:
            estimator.detector = self.find


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
