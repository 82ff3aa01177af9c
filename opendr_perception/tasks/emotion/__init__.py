"""Expression, valence and arousal of faces, and their course over time."""

from opendr_perception.tasks.emotion.evidence import LEAST
from opendr_perception.tasks.emotion.expression import EXPRESSIONS, ExpressionNet, Expressions, FaceView, affect_of
from opendr_perception.tasks.emotion.recognition import EmotionMemory, EmotionRecogniser, FacesInView
from opendr_perception.tasks.emotion.smoothing import Exponential, Smoothing, Temporal, Unsmoothed

__all__ = [
    "EXPRESSIONS",
    "LEAST",
    "EmotionMemory",
    "EmotionRecogniser",
    "Exponential",
    "ExpressionNet",
    "Expressions",
    "FaceView",
    "FacesInView",
    "Smoothing",
    "Temporal",
    "Unsmoothed",
    "affect_of",
    "evidence",
    "recognition",
]
