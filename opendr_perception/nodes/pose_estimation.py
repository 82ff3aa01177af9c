"""Node `pose_estimation`: the body keypoints of the people in each image, with track ids.

It finds the people itself, or pairs each image with the persons of exactly its stamp: nobody is looked for twice then,
and the ids are those of the persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import BodyPoseArray, DetectionArray
from opendr_perception.ros.node import main
from opendr_perception.ros.outputs import drawn_by, shapes
from opendr_perception.ros.perception.capability import POSES
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import ImageWithResult, result_input
from opendr_perception.tasks import body
from opendr_perception.tasks.drawing import draw_poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PeopleOfImage

Seen = Image | PeopleOfImage


@dataclass(frozen=True)
class Parameters(body.Settings, PerceptionParameters):
    """Parameters of `pose_estimation`."""


class PoseEstimation(PerceptionNode[body.Settings, Seen, body.BodyMemory, body.Poses]):
    """image_raw, with people:=topic also persons -> poses."""

    NAME = "pose_estimation"
    INPUT = result_input(POSES.source, DetectionArray, "start person_detection, or set people to own")
    INPUT_IF = POSES.source_if
    WITH_IMAGES = True
    RESULT = POSES.result
    OUTPUTS = drawn_by(shapes.of_poses)
    Parameters = Parameters

    def build(self) -> body.PosePerceiver:
        return body.build(self.params, warn=self.caution)

    def read(self, data: Image | ImageWithResult, stream: str) -> Seen:
        return POSES.read(data, None)

    def message(self, frame: StreamFrame[Seen, body.BodyMemory], result: body.Poses) -> BodyPoseArray:
        return POSES.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: Seen, result: body.Poses) -> None:
        draw_poses(canvas, result)


if __name__ == "__main__":
    main(PoseEstimation)
