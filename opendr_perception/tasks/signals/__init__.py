"""Sampled signals: their order in time, their rate, where they come from."""

from opendr_perception.tasks.signals.buffer import Chunk, SampleBuffer
from opendr_perception.tasks.signals.clock import SampleClock
from opendr_perception.tasks.signals.line import SampleLine, Stretch
from opendr_perception.tasks.signals.log_mel import FLOOR, LogMel, MelConfig
from opendr_perception.tasks.signals.messages import SIGNAL_RATES, SIGNAL_TYPES, Arrived, SignalFormat, read_message
from opendr_perception.tasks.signals.pace import Pace
from opendr_perception.tasks.signals.reading import read_signal
from opendr_perception.tasks.signals.recording import SignalRecording
from opendr_perception.tasks.signals.resample import Resampler

__all__ = [
    "FLOOR",
    "SIGNAL_RATES",
    "SIGNAL_TYPES",
    "Arrived",
    "Chunk",
    "LogMel",
    "MelConfig",
    "Pace",
    "Resampler",
    "SampleBuffer",
    "SampleClock",
    "SampleLine",
    "SignalFormat",
    "SignalRecording",
    "Stretch",
    "log_mel",
    "read_message",
    "read_signal",
    "resample",
]
