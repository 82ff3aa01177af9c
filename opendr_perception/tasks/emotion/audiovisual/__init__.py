"""Emotions from voices and faces together, and from what is left where one of them is missing."""

from opendr_perception.tasks.emotion.audiovisual.build import AudiovisualRecogniser, Settings, build
from opendr_perception.tasks.emotion.audiovisual.fusing import (
    AudiovisualMemory,
    AudiovisualResult,
    Fuser,
    FusionSettings,
    HeardVoice,
)
from opendr_perception.tasks.emotion.audiovisual.hearing import HeardClip, HeardSound
from opendr_perception.tasks.emotion.audiovisual.network import AudiovisualModel
from opendr_perception.tasks.emotion.audiovisual.watching import PERIOD, FaceDescriber, SeenFaces, descriptors

__all__ = [
    "PERIOD",
    "AudiovisualMemory",
    "AudiovisualModel",
    "AudiovisualRecogniser",
    "AudiovisualResult",
    "FaceDescriber",
    "Fuser",
    "FusionSettings",
    "HeardClip",
    "HeardSound",
    "HeardVoice",
    "SeenFaces",
    "Settings",
    "build",
    "descriptors",
]
