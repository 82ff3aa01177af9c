"""Settings of whatever hears: its model's device, and how sound is taken."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.settings import parameter
from opendr_perception.tasks.sound.messages import Format
from opendr_perception.tasks.sound.pcm import ENCODINGS, MOST_CHANNELS, RATES


@dataclass(frozen=True)
class SampleSettings:
    """Sound and signals, as every model takes them."""

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
        """How sound is read that does not tell its format."""
        return Format(self.sample_rate, self.channels, self.sample_format)


@dataclass(frozen=True)
class SoundSettings:
    """What is heard."""

    model: str = parameter(
        "sound-environment",
        "A classifier of sounds of the zoo (opendr-perception models list), or an ONNX file that "
        "opendr_perception.training.sound.export has written.",
        read_only=True,
    )
    score_threshold: float = parameter(
        0.5,
        "Probability below which the label is unknown. The probabilities are published as they are.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    )
