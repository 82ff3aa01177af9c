"""Node `pose_estimation`: the body keypoints of the people in each image, with track ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opendr_perception.msg import BodyPoseArray
from opendr_perception.ros.drawing import draw_poses
from opendr_perception.ros.messages import body_pose_array
from opendr_perception.ros.node import Frame, PerceptionNode
from opendr_perception.ros.people import PeopleParameters, track_ids
from opendr_perception.ros.poses import PoseFinder, PoseParameters
from opendr_perception.ros.run import main
from opendr_perception.tasks.image import Image
from opendr_perception.tasks.tracking import PersonTracker, new_ids


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

    def process(self, frames: Sequence[Frame]) -> Sequence[BodyPoseArray]:
        self._finder.tune(self.params)
        found = self._finder([frame.data for frame in frames])
        return [
            body_pose_array(frame.data, poses, track_ids(frame, poses.people, self.params))
            for frame, poses in zip(frames, found, strict=True)
        ]

    def draw(self, canvas: np.ndarray, data: Image, result: BodyPoseArray) -> None:
        draw_poses(canvas, result)


if __name__ == "__main__":
    main(PoseEstimation)
