"""Node `pose_estimation`: the body keypoints of the people in each image, with track ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from opendr_perception.msg import BodyPoseArray
from opendr_perception.ros.convert.drawing import draw_poses
from opendr_perception.ros.convert.messages import body_pose_array
from opendr_perception.ros.node import main
from opendr_perception.ros.perception.node import Frame, PerceptionNode
from opendr_perception.ros.perception.people import PeopleParameters, track_ids
from opendr_perception.ros.perception.poses import PoseFinder, PoseParameters
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids


class PoseEstimation(PerceptionNode):
    """image_raw -> poses."""

    NAME = "pose_estimation"
    RESULT = (BodyPoseArray, "poses")
    Parameters = PoseParameters

    def load(self) -> None:
        self._finder = PoseFinder(self.params)
        self._ids = new_ids()

    def unload(self) -> None:
        del self._finder

    def check_parameters(self, params: PeopleParameters) -> None:
        if hasattr(self, "_finder"):
            self._finder.people.method(params)

    def new_memory(self) -> PersonTracker:
        return PersonTracker(self._ids)

    def process(self, frames: Sequence[Frame]) -> Iterable[BodyPoseArray]:
        self._finder.tune(self.params)
        found = self._finder([frame.data for frame in frames])
        return map(self._answer, frames, found)

    def _answer(self, frame: Frame, poses: Poses) -> BodyPoseArray:
        return body_pose_array(frame.data, poses, track_ids(frame, poses.people, self.params))

    def draw(self, canvas: np.ndarray, data: Image, result: BodyPoseArray) -> None:
        draw_poses(canvas, result)


if __name__ == "__main__":
    main(PoseEstimation)
