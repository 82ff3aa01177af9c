"""Temporal networks that learned from films with labels, on an output of a network for single frames.

What `python -m opendr_perception.training.emotion.temporal.train_videos` exports: Aff-Wild2's and AFEW-VA's say valence
and arousal, EmoReact's the emotions of its labels.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from itertools import count

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.emotion.expression import Expressions
from opendr_perception.tasks.emotion.smoothing import Average, Exponential, Smooth
from opendr_perception.zoo.cache import sha256_of

AFFECT = ("valence", "arousal")


def feature_of(temporal: Session, model: Session) -> str:
    """The output of the network for single frames that a temporal network was trained on.

    Args:
        temporal: with the metadata `encoder`: the sha256 of that network and the name of its output.
        model: the network for single frames that is there.

    Raises:
        EngineError: it was trained on another network.
    """
    sha256, _, feature = temporal.metadata["encoder"].partition(" ")
    if not feature or sha256 != sha256_of(model.path):
        raise EngineError(
            f"{temporal.path}: it was trained on the output '{feature}' of another network than {model.path} (its "
            f"sha256 begins with {sha256[:12]}); let 'model' name that one"
        )
    return feature


class FilmNetwork:
    """A smoothing of faces by a network that learned from films.

    What it does not say is an exponential average of single frames: the expressions, where it says valence and arousal,
    and these, where it says emotions. Several emotions may be there at once: their probabilities, each by itself, are
    divided by their sum. As for single frames, answers say less the less a view can be trusted.

    Args:
        session: exported with the metadata `labels` (a JSON list) and `encoder`.
        features: numbers of a frame.

    Raises:
        EngineError: the model is of another kind.
    """

    def __init__(self, session: Session, features: int) -> None:
        self._bank = StateBank(session)
        names = tuple(map(str, json.loads(session.metadata.get("labels", "[]"))))
        taken, said = (
            next((tensor.shape[-1] for tensor in tensors if tensor.name == name), None)
            for tensors, name in ((session.inputs, "frame"), (session.outputs, "output"))
        )
        if taken != features or said not in (None, len(names)) or not names:
            raise EngineError(
                f"{session.path}: it takes {taken} numbers of a frame and says {said}, named {', '.join(names)}; the "
                f"network for single frames gives {features}"
            )
        self._affect = names == AFFECT
        self.labels: tuple[str, ...] = () if self._affect else names
        self._average = Exponential()
        self._passers = count()

    def step(self, keys: Sequence[Hashable], seen: Expressions, intervals: np.ndarray) -> Smooth:
        step = self._bank.step(keys, seen.features.astype(np.float32))
        average = self._average.step(keys, seen, intervals)
        trust = seen.trust[:, None]
        if self._affect:
            return Smooth(average.probabilities, trust * np.clip(step.output, -1, 1), step.frames, step.warm)
        odds = 1 / (1 + np.exp(-step.output.astype(np.float64)))
        probabilities = trust * odds / odds.sum(1, keepdims=True) + (1 - trust) / len(self.labels)
        return Smooth(probabilities, average.affect, step.frames, step.warm)

    def once(self, seen: Expressions) -> Expressions:
        if not len(seen.probabilities):
            return seen
        keys = [("passer-by", next(self._passers)) for _ in seen.probabilities]
        smooth = self.step(keys, seen, np.zeros(len(keys)))
        for key in keys:
            self.release(key)
        return Expressions(smooth.probabilities, smooth.affect, seen.features, seen.trust)

    def release(self, key: Hashable) -> None:
        self._bank.release(key)
        self._average.release(key)

    def snapshot(self, key: Hashable) -> object:
        return self._bank.snapshot(key), self._average.snapshot(key)

    def restore(self, key: Hashable, state: object) -> None:
        match state:
            case (rows, Average() as average):
                self._bank.restore(key, rows)
                self._average.restore(key, average)
            case _:
                raise ValueError("this snapshot belongs to another model")
