"""Node `pose_estimation`: the body keypoints of the people in each image, with track ids."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import BodyPoseArray
from opendr_perception.ros.drawing import draw_poses
from opendr_perception.ros.messages import body_pose_array
from opendr_perception.ros.node import Frame, PerceptionNode
from opendr_perception.ros.parameters import parameter
from opendr_perception.ros.people import PeopleFinder, PeopleParameters, load_session, track_ids
from opendr_perception.ros.run import main
from opendr_perception.tasks.image import Image
from opendr_perception.tasks.pose import PoseEstimator
from opendr_perception.tasks.tracking import PersonTracker


@dataclass(frozen=True)
class Parameters(PeopleParameters):
    """What `pose_estimation` takes."""

    model: str = parameter(
        "movenet-lightning",
        "movenet-lightning is fast, movenet-thunder is more exact at about four times the cost; or an ONNX file with "
        "the same input and output.",
        read_only=True,
    )
    detector: str = parameter(
        "nanodet",
        "A person detector of the zoo (opendr-perception models list), or an ONNX file like it.",
        read_only=True,
    )
    max_persons: int = parameter(
        20,
        "At most so many people, the largest ones, are looked at; the time grows with their number.",
        minimum=1,
        maximum=1000,
    )


class PoseEstimation(PerceptionNode):
    """image_raw -> poses."""

    NAME = "pose_estimation"
    RESULT = (BodyPoseArray, "poses")
    Parameters = Parameters

    def load(self) -> None:
        session = load_session(self.params.model, self.params)
        self._finder = PeopleFinder(self.params.detector, self.params)
        self._estimator = PoseEstimator(self._finder.detector, session)
        session.warm_up()
        self._numbers = itertools.count(1)

    def unload(self) -> None:
        del self._estimator, self._finder

    def check_parameters(self, params: PeopleParameters) -> None:
        if hasattr(self, "_finder"):
            self._finder.method(params)

    def new_memory(self) -> PersonTracker:
        return PersonTracker(self._numbers)

    def process(self, frames: Sequence[Frame]) -> Sequence[BodyPoseArray]:
        self._estimator.max_persons = self.params.max_persons
        self._finder.tune(self.params)
        found = self._estimator([frame.data for frame in frames])
        return [
            body_pose_array(frame.data, poses, track_ids(frame, poses.people, self.params), layout="coco17")
            for frame, poses in zip(frames, found, strict=True)
        ]

    def draw(self, canvas: np.ndarray, data: Image, result: BodyPoseArray) -> None:
        draw_poses(canvas, result)


if __name__ == "__main__":
    main(PoseEstimation)
