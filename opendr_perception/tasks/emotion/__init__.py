"""Expression, valence and arousal of faces, and their course over time."""

from opendr_perception.tasks.emotion.build import EmotionPerceiver, Emotions, FacesOfImage, Settings, build
from opendr_perception.tasks.emotion.evidence import LEAST
from opendr_perception.tasks.emotion.expression import EXPRESSIONS, Crop, ExpressionNet, Expressions, affect_of, name_of
from opendr_perception.tasks.emotion.recognition import Emotion, EmotionMemory, EmotionRecogniser, FacesInView
from opendr_perception.tasks.emotion.smoothing import Exponential, Smoothing, Temporal, Unsmoothed
from opendr_perception.tasks.emotion.trust import FaceView, visible

__all__ = [
    "EXPRESSIONS",
    "LEAST",
    "Crop",
    "Emotion",
    "EmotionMemory",
    "EmotionPerceiver",
    "EmotionRecogniser",
    "Emotions",
    "Exponential",
    "ExpressionNet",
    "Expressions",
    "FaceView",
    "FacesInView",
    "FacesOfImage",
    "Settings",
    "Smoothing",
    "Temporal",
    "Unsmoothed",
    "affect_of",
    "build",
    "evidence",
    "name_of",
    "recognition",
    "visible",
]
