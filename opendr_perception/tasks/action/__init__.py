"""Actions from the keypoints of tracked people."""

from opendr_perception.tasks.action.recognition import ActionMemory, ActionRecogniser, Observation
from opendr_perception.tasks.action.skeleton import MIN_SCORE, RATE, USUAL_HEIGHTS

__all__ = [
    "MIN_SCORE",
    "RATE",
    "USUAL_HEIGHTS",
    "ActionMemory",
    "ActionRecogniser",
    "Observation",
    "recognition",
    "skeleton",
]
