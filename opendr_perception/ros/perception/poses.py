"""What finds poses, as the parameters of a node want it: people first and then their keypoints, or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opendr_perception.engine.session import Session
from opendr_perception.ros.node import parameter
from opendr_perception.ros.perception.people import PeopleFinder, PeopleParameters, load_session
from opendr_perception.tasks.body import LAYOUTS, BottomUpEstimator, PoseEstimator, PoseOverview, Poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import DetectorOverview, Glance, HighResolutionDetector, Overview, Resolution
from opendr_perception.tasks.presence import HumanPresence

OVERVIEWS = {"detector": 0.25, "presence": 0.95, "pose": 0.1}
"""What a glance can see people with, and the value of its heatmap from which on that is worth a closer look."""
PRESENCE_MODEL = "presence-1080p"


@dataclass(frozen=True)
class PoseParameters(PeopleParameters):
    """What `pose_estimation` takes."""

    model: str = parameter(
        "movenet-lightning",
        "movenet-lightning is fast, movenet-thunder is more exact at about four times the cost; or an ONNX file with "
        "the same input and output, or of Lightweight OpenPose, written by opendr_perception.training.body.export.",
        read_only=True,
    )
    detector: str = parameter(
        "nanodet",
        "A person detector of the zoo (opendr-perception models list), or an ONNX file like it. Lightweight OpenPose "
        "needs it for the overview only, and takes no notice of what there is to set for it.",
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


class PoseFinder:
    """The pose estimator, with or without a glance at large pictures first.

    Args:
        params: of the node, at its start.

    Raises:
        ValueError: a parameter has a wrong value.
        ZooError, EngineError: a model cannot be had or loaded.
    """

    def __init__(self, params: PoseParameters) -> None:
        session = load_session(params.model, params)
        self.people = PeopleFinder(params.detector, params)
        self._glance = Glance(_overview(params, session, self.people.session))
        self._in_parts = HighResolutionDetector(self.people.detector, self._glance)
        self.estimator: PoseEstimator | BottomUpEstimator
        if _is_bottom_up(session):
            self.estimator = BottomUpEstimator(session)
            session.warm_up(image=(1, self.estimator.height, self.estimator.height * 16 // 9, 3))
        else:
            self.estimator = PoseEstimator(self.people.detector, session)
            session.warm_up()
        self.tune(params)

    def tune(self, params: PoseParameters) -> None:
        """Find poses as the parameters want it from now on."""
        self.people.tune(params)
        self.estimator.max_persons = params.max_persons
        self._glance.resolution = Resolution(
            params.base_height_1, params.base_height_2, threshold=OVERVIEWS[params.overview]
        )
        if isinstance(self.estimator, BottomUpEstimator):
            self.estimator.glance = self._glance if params.high_resolution else None
        else:
            self.estimator.detector = self._in_parts if params.high_resolution else self.people.find
        self._layout = params.layout

    def __call__(self, images: Sequence[Image]) -> list[Poses]:
        """Find the people and their keypoints in each picture."""
        return [poses.in_layout(self._layout) for poses in self.estimator(images)]


def _overview(params: PoseParameters, model: Session, detector: Session) -> Overview:
    if params.overview == "presence":
        return HumanPresence(load_session(PRESENCE_MODEL, params))
    if params.overview == "detector":
        return DetectorOverview(detector)
    if not _is_bottom_up(model):
        raise ValueError(
            "overview 'pose' needs Lightweight OpenPose: set model to an ONNX file that "
            "opendr_perception.training.body.export has written, or take overview 'detector'"
        )
    return PoseOverview(model)


def _is_bottom_up(model: Session) -> bool:
    return any(tensor.name == "fields" for tensor in model.outputs)
