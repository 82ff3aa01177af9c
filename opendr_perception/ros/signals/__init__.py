"""Nodes that are fed by samples: sound and signals."""

from opendr_perception.ros.signals.node import SampleNode, SampleParameters
from opendr_perception.ros.signals.player import Player
from opendr_perception.ros.signals.seeing import SeeingNode
from opendr_perception.ros.signals.sources import AudioSamples, SampleSource, SignalSamples
from opendr_perception.ros.signals.stream import DEPTH

__all__ = [
    "DEPTH",
    "AudioSamples",
    "Player",
    "SampleNode",
    "SampleParameters",
    "SampleSource",
    "SeeingNode",
    "SignalSamples",
]
