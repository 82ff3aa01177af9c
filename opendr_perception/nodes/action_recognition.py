"""Node `action_recognition`: what each tracked person is doing, from their body poses.

Each person has an own continual state: the network sees one skeleton after the other and never recomputes the past.
Until its receptive field is filled, `warm` is false and probabilities are those of a part of the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import ActionArray, BodyPoseArray
from opendr_perception.ros.convert.drawing import draw_actions
from opendr_perception.ros.convert.messages import action_array, keypoint_array
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.node import Frame, PerceptionNode, PerceptionParameters
from opendr_perception.ros.perception.people import load_session
from opendr_perception.ros.topics import result_input
from opendr_perception.tasks.action import ActionMemory, ActionRecogniser, Observation


@dataclass(frozen=True)
class Parameters(PerceptionParameters):
    """What `action_recognition` takes."""

    model: str = parameter(
        "action-research",
        "A skeleton network of the zoo, or an ONNX file that opendr_perception.training.action.export has written.",
        read_only=True,
    )
    max_persons: int = parameter(
        20,
        "At most so many people, the largest ones, are looked at; the time grows with their number.",
        minimum=1,
        maximum=1000,
    )


class ActionRecognition(PerceptionNode):
    """poses -> actions."""

    NAME = "action_recognition"
    INPUT = result_input("poses", BodyPoseArray)
    RESULT = (ActionArray, "actions")
    Parameters = Parameters

    def load(self) -> None:
        session = load_session(self.params.model, self.params)
        if session.metadata.get("terms") == "research":
            self.get_logger().warning(
                f"model '{self.params.model}' was made from data that may be used for research only; its card says more"
            )
        self._recogniser = ActionRecogniser(session)

    def unload(self) -> None:
        del self._recogniser

    def new_memory(self) -> ActionMemory:
        return ActionMemory()

    def release_memory(self, memory: ActionMemory) -> None:
        self._recogniser.forget(memory)

    def process(self, frames: Sequence[Frame]) -> Iterable[ActionArray]:
        self._recogniser.lost_after = self.params.max_gap
        self._recogniser.max_persons = self.params.max_persons
        actions = self._recogniser([self._observation(frame) for frame in frames])
        return [action_array(found, self._recogniser.labels) for found in actions]

    def _observation(self, frame: Frame) -> Observation:
        tracks = [pose.track_id for pose in frame.data.poses]
        return Observation(frame.memory, tracks, keypoint_array(frame.data, "coco17"), frame.time)

    def draw(self, canvas: np.ndarray, data: BodyPoseArray, result: ActionArray) -> None:
        draw_actions(canvas, data, result)


if __name__ == "__main__":
    main(ActionRecognition)
