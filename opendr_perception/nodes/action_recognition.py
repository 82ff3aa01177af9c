"""Node `action_recognition`: what each tracked person is doing, from their body poses.

Each person has an own continual state: the network sees one skeleton after the other and never recomputes the past.
Until its receptive field is filled, `warm` is false and probabilities are those of a part of the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import ActionArray, BodyPoseArray
from opendr_perception.ros.node import main
from opendr_perception.ros.perception.capability import ACTIONS
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import result_input
from opendr_perception.tasks import action
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.drawing import draw_actions


@dataclass(frozen=True)
class Parameters(action.Settings, PerceptionParameters):
    """Parameters of `action_recognition`."""


class ActionRecognition(PerceptionNode[action.Settings, Poses, action.ActionMemory, action.Actions]):
    """poses -> actions."""

    NAME = "action_recognition"
    INPUT = result_input(ACTIONS.source, BodyPoseArray)
    RESULT = ACTIONS.result
    Parameters = Parameters

    def build(self) -> action.ActionPerceiver:
        return action.build(self.params, warn=self.caution)

    def read(self, data: BodyPoseArray, stream: str) -> Poses:
        return ACTIONS.read(data, None)

    def message(self, frame: StreamFrame[Poses, action.ActionMemory], result: action.Actions) -> ActionArray:
        return ACTIONS.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: Poses, result: action.Actions) -> None:
        draw_actions(canvas, seen, result)


if __name__ == "__main__":
    main(ActionRecognition)
