"""Measured signals in the messages of ROS 2 systems: ours, and the bare arrays by which OpenDR's nodes take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.tasks.signals.buffer import Chunk

SIGNAL_TYPES = {"Signal": "opendr_perception/msg/Signal", "Float32MultiArray": "std_msgs/msg/Float32MultiArray"}
SIGNAL_RATES = (50.0, 200_000.0)
"""Hz. What is sampled more slowly shows no heart beat: a header that says so is wrong."""
MOST_CHANNELS = 64


@dataclass(frozen=True, eq=False)
class Arrived:
    """Content of a message.

    Attributes:
        chunk: its samples.
        frame_id: of the sensor; '' where the message does not tell.
        note: what is doubtful about it; '' for nothing.
    """

    chunk: Chunk
    frame_id: str
    note: str


@dataclass(frozen=True)
class SignalFormat:
    """Format of a signal that a bare array does not tell, and the kind of signal that is wanted."""

    kind: str
    sample_rate: float
    channels: int


def read_message(message: Any, arrived: int, known: SignalFormat) -> Arrived:
    """The samples of a message of any of `SIGNAL_TYPES`; values that are infinite are NaN as well.

    Args:
        message: with the fields of one of them.
        arrived: when it came, ns of the node's clock; taken where it has no stamp.
        known: how to read it where it does not say that.

    Raises:
        ValueError: it cannot be used; the text says why in one line.
    """
    own = hasattr(message, "header")
    rate, channels = (message.sample_rate, message.channels) if own else (known.sample_rate, known.channels)
    if own and message.kind not in ("", known.kind):
        raise ValueError(f"this is a signal of the kind '{message.kind}', and the model takes {known.kind}")
    if not SIGNAL_RATES[0] <= rate <= SIGNAL_RATES[1]:
        raise ValueError(f"a sample rate of {rate:g} Hz: must be {SIGNAL_RATES[0]:g} to {SIGNAL_RATES[1]:g} Hz")
    if not 1 <= channels <= MOST_CHANNELS:
        raise ValueError(f"{channels} channels: must be 1 to {MOST_CHANNELS}")
    values = np.asarray(message.data, np.float32)
    if not values.size or values.size % channels:
        raise ValueError(f"{values.size} samples are no whole number for {channels} channel(s)")
    samples = np.where(np.isfinite(values), values, np.float32(np.nan)).reshape(-1, channels)
    stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec if own else 0
    if stamp < 0:
        raise ValueError(f"the stamp is negative: {stamp * 1e-9:.3f} s")
    frame_id = message.header.frame_id if own else ""
    if stamp:
        return Arrived(Chunk(samples, float(rate), stamp), frame_id, "")
    began = max(arrived - round(len(samples) / rate * 1e9), 0)
    note = "the signal has no stamps: the time of arrival is taken"
    return Arrived(Chunk(samples, float(rate), began, loose=True), frame_id, note)
