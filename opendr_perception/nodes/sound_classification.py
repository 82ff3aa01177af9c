"""Node `sound_classification`: what is heard, such as a dog, a siren or a spoken word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import SoundArray
from opendr_perception.ros.node import main
from opendr_perception.ros.signals import HEARING, HearingSounds, SampleNode, SampleParameters, SoundHearer
from opendr_perception.tasks.sound import SoundClassifier


@dataclass(frozen=True)
class Parameters(HearingSounds, SampleParameters):
    """Parameters of `sound_classification`."""


class SoundClassification(SampleNode):
    """audio -> sounds, one message for each hop of the model."""

    NAME = "sound_classification"
    RESULT = HEARING[NAME].result
    RATE = SoundHearer.rate
    Parameters = Parameters

    def load(self) -> None:
        self._sounds = SoundHearer(self.params)

    def new_memory(self) -> SoundClassifier:
        return self._sounds.new_memory()

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: SoundClassifier
    ) -> Iterable[tuple[int, SoundArray]]:
        return self._sounds.hear(memory, samples, stamp)


if __name__ == "__main__":
    main(SoundClassification)
