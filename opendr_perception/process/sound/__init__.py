"""Streams of sound in recordings: what they are, and what the nodes that only hear say of them."""

from opendr_perception.process.sound.listening import Listening, heard
from opendr_perception.process.sound.tracks import Chunks, tracks

__all__ = ["Chunks", "Listening", "heard", "tracks"]
