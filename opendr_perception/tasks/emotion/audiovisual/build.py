"""From settings to what tells emotions by voices and faces together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual.fusing import (
    AudiovisualMemory,
    AudiovisualResult,
    Fuser,
    FusionSettings,
    HeardVoice,
)
from opendr_perception.tasks.emotion.audiovisual.network import AudiovisualModel
from opendr_perception.tasks.emotion.audiovisual.watching import PERIOD, FaceDescriber
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.perceiver import Warn, tell_terms


@dataclass(frozen=True)
class Settings:
    """Emotions of voices and faces."""

    model: str = parameter(
        "emotion-av",
        "A network that joins voices and faces, of the zoo (opendr-perception models list), or an ONNX file that "
        "opendr_perception.training.emotion.audiovisual.export has written.",
        read_only=True,
    )
    expression: str = parameter(
        "expression-research",
        "The network that looks at single faces: one for the same expressions, of the zoo or an ONNX file.",
        read_only=True,
    )
    delay: float = parameter(
        0.25, "Seconds that are waited for faces and sound of the same time.", minimum=0.0, maximum=2.0, read_only=True
    )
    min_audio: float = parameter(
        0.6, "Share of the 3.6 s that must have sound for a voice to be judged.", minimum=0.0, maximum=1.0
    )
    min_video: float = parameter(
        0.4, "Share of the 3.6 s in which a face must be seen to be judged.", minimum=0.0, maximum=1.0
    )


class AudiovisualRecogniser:
    """Tells the emotion of each face of a stream, by what is in the stream's memory.

    Args:
        settings: when a modality is evidence.
        model: joins voices and faces.
        describe: looks at faces.

    Attributes:
        labels: of the probabilities.
    """

    def __init__(self, settings: Settings, model: AudiovisualModel, describe: FaceDescriber) -> None:
        self._model, self._describe = model, describe
        self._delay = round(settings.delay * 1e9)
        self._fuse = Fuser(model, FusionSettings(min_audio=settings.min_audio, min_video=settings.min_video))
        self.labels = model.labels

    def new_memory(self) -> AudiovisualMemory:
        """The memory of a new stream."""
        return AudiovisualMemory.of(self._model, self._describe)

    def see(self, memory: AudiovisualMemory, stamp: int, image: Image, faces: Sequence[FaceView]) -> None:
        """Take the faces of an image with a stamp in ns."""
        memory.note(stamp)
        memory.faces.add(stamp, self._describe, image, faces)

    def hear(self, memory: AudiovisualMemory, samples: np.ndarray, stamp: int) -> str:
        """Take the next samples (n,) at MFCC_RATE, and the time of the first in ns; gives a complaint, or ''."""
        memory.note(stamp)
        memory.sound.push(samples, stamp)
        return memory.apart()

    def told(self, memory: AudiovisualMemory, voice: HeardVoice) -> None:
        """Take what was said of voices."""
        memory.voices.append(voice)

    def due(self, memory: AudiovisualMemory) -> tuple[int, list[AudiovisualResult]] | None:
        """The end of the newest period in ns, and the answers about it; None where it was told before."""
        period = memory.clock.due(PERIOD, self._delay)
        return None if period is None else ((period + 1) * PERIOD, self._fuse(memory, period))


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
    device: str = "cpu",
    threads: int = 1,
) -> AudiovisualRecogniser:
    """A recogniser of emotions by voices and faces.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told where the terms of a model allow research only.
        device: of the models.
        threads: of the models on the CPU.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: a model cannot be had, is none of these, or does not fit the other one.
    """
    values.check(settings)
    network, faces = (sessions(name, device=device, threads=threads) for name in (settings.model, settings.expression))
    for name, session in ((settings.model, network), (settings.expression, faces)):
        tell_terms(name, session, warn)
    model = AudiovisualModel(network)
    return AudiovisualRecogniser(settings, model, FaceDescriber(faces, model))
