"""Node `pose_estimation`: the body keypoints of the people in each image, with track ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import BodyPoseArray
from opendr_perception.ros.convert.messages import body_pose_array
from opendr_perception.ros.node import main
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters, StreamFrame
from opendr_perception.tasks import body
from opendr_perception.tasks.drawing import draw_poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonTracker


@dataclass(frozen=True)
class Parameters(body.Settings, PerceptionParameters):
    """Parameters of `pose_estimation`."""


class PoseEstimation(PerceptionNode[body.Settings, Image, PersonTracker, body.Poses]):
    """image_raw -> poses."""

    NAME = "pose_estimation"
    RESULT = (BodyPoseArray, "poses")
    Parameters = Parameters

    def build(self) -> body.PosePerceiver:
        return body.build(self.params, warn=self.caution)

    def message(self, frame: StreamFrame[Image, PersonTracker], result: body.Poses) -> BodyPoseArray:
        return body_pose_array(frame.seen, result, result.tracks)

    def draw(self, canvas: np.ndarray, seen: Image, result: body.Poses) -> None:
        draw_poses(canvas, result)


if __name__ == "__main__":
    main(PoseEstimation)
