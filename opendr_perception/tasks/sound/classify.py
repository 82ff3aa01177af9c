"""Sound classification: log-mel features of a stream, step by step through a continual network."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.settings import parameter
from opendr_perception.tasks.shapes import Probabilities
from opendr_perception.tasks.signals import LogMel, MelConfig

UNKNOWN = "unknown"


@dataclass(frozen=True)
class SoundSettings:
    """Sounds."""

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


@dataclass(frozen=True, eq=False)
class SoundResult:
    """Classification of the newest seconds of a stream.

    Attributes:
        end: samples of the stream that have been heard.
        label: the most probable one, or `unknown`.
        probabilities: (labels,) float32, sums to 1.
        warm: the window of the network is filled with sound.
    """

    end: int
    label: str
    probabilities: Probabilities
    warm: bool


class SoundModel:
    """A network that names sounds, and what its file says about it.

    Args:
        session: a model written by `training.sound.export`.

    Attributes:
        labels: what it tells apart; `unknown` is one of them.
        mel: the features that it takes.
        rate: of the sound, Hz.
        field, hop: frames of features of a step, and from one step to the next.

    Raises:
        EngineError: it is no such model.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        try:
            texts = session.metadata
            self.labels = tuple(map(str, json.loads(texts["labels"])))
            self.mel = MelConfig(**_numbers(json.loads(texts["mel"])))
            self.field, self.hop = int(texts["field"]), int(texts["hop"])
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{session.path}: not a network that names sounds: {error}") from error
        self.rate = self.mel.rate
        if UNKNOWN not in self.labels:
            raise EngineError(f"{session.path}: its labels lack '{UNKNOWN}'")
        StateBank(session)  # what is wrong with it shall be known now


class SoundClassifier:
    """Hears one stream; what it says does not depend on how the stream is cut.

    Args:
        model: the network, shared by all streams.
        threshold: probability below which the answer is `unknown`.
    """

    def __init__(self, model: SoundModel, threshold: float) -> None:
        self._model, self._threshold = model, threshold
        self._bank = StateBank(model.session)
        self._features = LogMel(model.mel)
        self._frames: np.ndarray = np.zeros((0, model.mel.bands), np.float32)
        self._steps = itertools.count()
        self.heard = 0

    @property
    def period(self) -> float:
        """Seconds from one answer to the next."""
        return self._model.hop * self._model.mel.hop / self._model.rate

    def push(self, samples: np.ndarray) -> Iterator[SoundResult]:
        """Take the next samples (n,) float32 at the model's rate; give an answer for each step that they complete."""
        self.heard += len(samples)
        model = self._model
        self._frames = np.concatenate([self._frames, self._features.push(samples)])
        while len(self._frames) >= model.field:
            patch, self._frames = self._frames[: model.field], self._frames[model.hop :]
            step = self._bank.step(("",), patch[None])
            end = (next(self._steps) * model.hop + model.field - 1) * model.mel.hop + model.mel.window
            yield self._answer(end, step.output[0], bool(step.warm[0]))

    def _answer(self, end: int, probabilities: np.ndarray, warm: bool) -> SoundResult:
        best = int(np.argmax(probabilities))
        sure = probabilities[best] >= self._threshold
        return SoundResult(end, self._model.labels[best] if sure else UNKNOWN, probabilities, warm)


def _numbers(config: dict[str, Any]) -> dict[str, Any]:
    """Only what a MelConfig has, so that a file of a later version says what it has more."""
    unknown = set(config) - set(MelConfig.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown features {', '.join(sorted(unknown))}")
    return config
