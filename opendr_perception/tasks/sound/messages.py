"""Sound in the messages of ROS 2 systems: ours, both packages that are called audio_common_msgs, and Foxglove's.

Messages are told apart by their fields, so that none of those packages has to be installed, and so that the two of the
same name are no matter of luck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.settings import parameter
from opendr_perception.tasks.signals import Arrived, Chunk
from opendr_perception.tasks.sound.pcm import (
    ENCODINGS,
    MOST_CHANNELS,
    RATES,
    check_channels,
    check_rate,
    decode,
    doubt,
    without_nan,
)

Message = Any
"""Of one of the `TYPES`, from whatever package: it is known by its fields."""

TYPES = {
    "Audio": "opendr_perception/msg/Audio",
    "AudioData": "audio_common_msgs/msg/AudioData",
    "AudioDataStamped": "audio_common_msgs/msg/AudioDataStamped",
    "AudioStamped": "audio_common_msgs/msg/AudioStamped",
    "RawAudio": "foxglove_msgs/msg/RawAudio",
}
BARE = ("AudioData", "AudioDataStamped")
"""Those that do not contain their format; an AudioInfo beside them may tell it."""
PLAIN = ("", "wave", "wav", "pcm", "raw")
"""Names of sound that is not coded."""
PORT_AUDIO = {1: "float32_data", 2: "int32_data", 8: "int16_data", 16: "int8_data"}
"""Sample formats of PortAudio, and the field that has them in AudioStamped."""


@dataclass(frozen=True)
class Format:
    """Format of the bytes of a message that does not tell it."""

    sample_rate: int
    channels: int
    encoding: str


@dataclass(frozen=True)
class SampleSettings:
    """Samples, and the model that takes them."""

    device: str = parameter(
        "cpu",
        "Device of the model. cuda and tensorrt need onnxruntime-gpu; without it the node says so and does not start.",
        choices=("cpu", "cuda", "tensorrt"),
        read_only=True,
    )
    threads: int = parameter(
        1,
        "Threads of the model on the CPU; 0 takes one for each core. These models are small: one is enough.",
        minimum=0,
        maximum=256,
        read_only=True,
    )
    channel: int = parameter(
        -1,
        "Channel of a microphone array that is heard, from 0 on; -1 hears the mean of all.",
        minimum=-1,
        maximum=MOST_CHANNELS - 1,
    )
    sample_rate: int = parameter(
        16000,
        "Sample rate, Hz, for AudioData and AudioDataStamped, which do not contain it.",
        minimum=RATES[0],
        maximum=RATES[1],
    )
    channels: int = parameter(1, "Channels, for AudioData and AudioDataStamped.", minimum=1, maximum=MOST_CHANNELS)
    sample_format: str = parameter("S16LE", "Encoding, for AudioData and AudioDataStamped.", choices=tuple(ENCODINGS))
    max_gap: float = parameter(
        1.0,
        "Seconds of sound that may be missing. A shorter gap is filled with silence; after a longer one the stream "
        "restarts.",
        minimum=0.0,
        maximum=60.0,
        read_only=True,
    )

    def format(self) -> Format:
        """Format of sound that does not tell its own."""
        return Format(self.sample_rate, self.channels, self.sample_format)


def read_info(message: Message) -> Format:
    """Read what an AudioInfo of ros-drivers' audio_common_msgs says of the AudioData beside it.

    Raises:
        ValueError: it is coded, as MP3 is, or in another sample format; the text says so in one line.
    """
    coding = message.coding_format.strip().lower()
    if coding not in PLAIN:
        raise ValueError(f"audio_info says that the sound is coded as '{coding[:40]}': have it published as wave")
    encoding = message.sample_format.strip().upper()
    if encoding not in ENCODINGS:
        raise ValueError(f"audio_info has the sample format '{encoding[:40]}'; known are {', '.join(ENCODINGS)}")
    check_rate(message.sample_rate)
    check_channels(message.channels)
    return Format(int(message.sample_rate), int(message.channels), encoding)


def read(message: Message, arrived: int, known: Format) -> Arrived:
    """The sound of a message of any of `TYPES`.

    Args:
        message: with the fields of one of them.
        arrived: when it came, ns of the node's clock; taken where it has no stamp.
        known: how to read it where it does not say that.

    Raises:
        ValueError: it cannot be used; the text says why in one line.
    """
    stamp, frame_id, rate, samples = _parser(message)(message, known)
    check_rate(rate)
    samples, missing = without_nan(samples)
    note = missing or doubt(samples)
    if stamp:
        return Arrived(Chunk(samples, float(rate), stamp), frame_id, note)
    duration = round(len(samples) / rate * 1e9)
    note = note or "the sound has no stamps: the time of arrival is taken"
    return Arrived(Chunk(samples, float(rate), max(arrived - duration, 0), loose=True), frame_id, note)


Parsed = tuple[int, str, int, np.ndarray]
"""Stamp in ns (0: none), frame, rate in Hz, samples (n, channels)."""


def _parser(message: Message) -> Callable[[Message, Format], Parsed]:
    if hasattr(message, "encoding"):
        return _own
    if hasattr(message, "number_of_channels"):
        return _foxglove
    if hasattr(message, "audio"):
        return _by_port_audio if hasattr(message.audio, "audio_data") else _stamped_bytes
    if hasattr(message, "data"):
        return lambda m, known: (0, "", known.sample_rate, decode(bytes(m.data), known.encoding, known.channels))
    raise ValueError(f"{type(message).__name__} is no message of sound that is known")


def _own(message: Message, known: Format) -> Parsed:
    samples = decode(bytes(message.data), message.encoding, message.channels)
    return _stamp(message.header.stamp), message.header.frame_id, message.sample_rate, samples


def _foxglove(message: Message, known: Format) -> Parsed:
    if message.format != "pcm-s16":
        raise ValueError(f"the format '{message.format}' is not supported; pcm-s16 is")
    samples = decode(bytes(message.data), "S16LE", message.number_of_channels)
    return _stamp(message.timestamp), "", message.sample_rate, samples


def _stamped_bytes(message: Message, known: Format) -> Parsed:
    samples = decode(bytes(message.audio.data), known.encoding, known.channels)
    return _stamp(message.header.stamp), message.header.frame_id, known.sample_rate, samples


def _by_port_audio(message: Message, known: Format) -> Parsed:
    info, data = message.audio.info, message.audio.audio_data
    if info.format not in PORT_AUDIO:
        raise ValueError(f"the PortAudio format {info.format} is not supported; {', '.join(map(str, PORT_AUDIO))} are")
    check_channels(info.channels)
    values = np.asarray(getattr(data, PORT_AUDIO[info.format]))
    if not values.size or values.size % info.channels:
        raise ValueError(f"{values.size} samples are no whole number for {info.channels} channel(s)")
    scale = {1: 1.0, 2: 2.0**31, 8: 2.0**15, 16: 2.0**7}[info.format]
    samples = (values.astype(np.float64) / scale).astype(np.float32).reshape(-1, info.channels)
    return _stamp(message.header.stamp), message.header.frame_id, info.rate, samples


def _stamp(stamp: Message) -> int:
    nanoseconds = int(stamp.sec) * 10**9 + int(stamp.nanosec)
    if nanoseconds < 0:
        raise ValueError(f"the stamp is negative: {nanoseconds * 1e-9:.3f} s")
    return nanoseconds
