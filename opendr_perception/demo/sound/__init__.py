"""Sounds of the demonstration: a voice and a heart, to be played, and as a strip below the film."""

from opendr_perception.demo.sound.samples import VOICE, write_heart, write_voice
from opendr_perception.demo.sound.strip import SoundStrip

__all__ = [
    "VOICE",
    "SoundStrip",
    "write_heart",
    "write_voice",
]
