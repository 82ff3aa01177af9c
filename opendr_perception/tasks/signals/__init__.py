"""Sampled signals: their order in time, their rate, where they come from."""

from opendr_perception.tasks.signals.buffer import Chunk, SampleBuffer
from opendr_perception.tasks.signals.clock import SampleClock
from opendr_perception.tasks.signals.pace import Pace
from opendr_perception.tasks.signals.reading import read_signal
from opendr_perception.tasks.signals.recording import SignalRecording
from opendr_perception.tasks.signals.resample import Resampler

__all__ = [
    "Chunk",
    "Pace",
    "Resampler",
    "SampleBuffer",
    "SampleClock",
    "SignalRecording",
    "read_signal",
    "resample",
]
