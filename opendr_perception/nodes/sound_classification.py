"""Node `sound_classification`: what is heard, such as a dog, a siren or a spoken word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.msg import Sound, SoundArray
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.signals import SampleNode, SampleParameters
from opendr_perception.tasks.sound import SoundClassifier, SoundModel


@dataclass(frozen=True)
class Parameters(SampleParameters):
    """Parameters of `sound_classification`."""

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


class SoundClassification(SampleNode):
    """audio -> sounds, one message for each hop of the model."""

    NAME = "sound_classification"
    RESULT = (SoundArray, "sounds")
    Parameters = Parameters

    def load(self) -> None:
        path = zoo.require(self.params.model).path
        self._model = SoundModel(Session(path, device=self.params.device, threads=self.params.threads))
        if self._model.rate != self.RATE:
            raise ValueError(f"{path}: it hears at {self._model.rate} Hz, this node at {self.RATE} Hz")

    def new_memory(self) -> SoundClassifier:
        return SoundClassifier(self._model, self.params.score_threshold)

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: SoundClassifier
    ) -> Iterable[tuple[int, SoundArray]]:
        began = memory.heard
        for heard in memory.push(samples):
            sound = Sound(
                label=heard.label,
                score=float(heard.probabilities.max()),
                probabilities=heard.probabilities.tolist(),
                warm=heard.warm,
            )
            end = stamp + round((heard.end - began) / self.RATE * 1e9)
            yield end, SoundArray(labels=list(self._model.labels), sounds=[sound])


if __name__ == "__main__":
    main(SoundClassification)
