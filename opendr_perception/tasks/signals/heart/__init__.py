"""Heart signals: beats, heart sound, and what a network says of them. No medical device."""

from opendr_perception.tasks.signals.heart.beats import RATE, Beat, BeatDetector
from opendr_perception.tasks.signals.heart.electrocardiogram import RHYTHM, SIZE, WAVE, BeatTokens
from opendr_perception.tasks.signals.heart.model import HeartModel
from opendr_perception.tasks.signals.heart.phonocardiogram import SoundFrames, patches, pulse_of
from opendr_perception.tasks.signals.heart.watch import HeartWatcher, Judgement

__all__ = [
    "RATE",
    "RHYTHM",
    "SIZE",
    "WAVE",
    "Beat",
    "BeatDetector",
    "BeatTokens",
    "HeartModel",
    "HeartWatcher",
    "Judgement",
    "SoundFrames",
    "patches",
    "pulse_of",
]
