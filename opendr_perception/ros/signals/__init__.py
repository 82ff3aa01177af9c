"""Nodes that are fed by samples: sound and signals."""

from opendr_perception.ros.signals.hearing import (
    HEARING,
    Hearer,
    Hearing,
    HearingSounds,
    HearingVoices,
    Message,
    SoundHearer,
    VoiceHearer,
)
from opendr_perception.ros.signals.node import SampleNode, SampleParameters
from opendr_perception.ros.signals.player import Player
from opendr_perception.ros.signals.seeing import SeeingNode
from opendr_perception.ros.signals.sources import AudioSamples, SampleSource, SignalSamples
from opendr_perception.ros.signals.stream import DEPTH

__all__ = [
    "DEPTH",
    "HEARING",
    "AudioSamples",
    "Hearer",
    "Hearing",
    "HearingSounds",
    "HearingVoices",
    "Message",
    "Player",
    "SampleNode",
    "SampleParameters",
    "SampleSource",
    "SeeingNode",
    "SignalSamples",
    "SoundHearer",
    "VoiceHearer",
]
