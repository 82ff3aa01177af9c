"""Actions from the keypoints of tracked people."""

from opendr_perception.tasks.action.begins import parted
from opendr_perception.tasks.action.build import ActionPerceiver, Actions, Settings, build
from opendr_perception.tasks.action.recognition import Action, ActionMemory, ActionRecogniser, TrackedPoses
from opendr_perception.tasks.action.skeleton import MIN_SCORE, RATE, USUAL_HEIGHTS

__all__ = [
    "MIN_SCORE",
    "RATE",
    "USUAL_HEIGHTS",
    "Action",
    "ActionMemory",
    "ActionPerceiver",
    "ActionRecogniser",
    "Actions",
    "Settings",
    "TrackedPoses",
    "build",
    "parted",
    "recognition",
    "skeleton",
]
