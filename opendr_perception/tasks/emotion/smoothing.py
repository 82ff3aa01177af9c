"""From the expressions of single frames to expressions over time, for any number of tracks."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import Rows, StateBank
from opendr_perception.tasks.emotion import evidence as affect
from opendr_perception.tasks.emotion.expression import Expressions
from opendr_perception.tasks.shapes import Affect, Counts, Mask, ProbabilitiesOfEach
from opendr_perception.tasks.tracks import TrackStates

TIME_CONSTANT = 0.14
"""Seconds after which exponential smoothing has forgotten all but 1/e: a change is taken over after 0.1 s, which are
three frames of a camera with 30 Hz."""

SETTLED = 3
"""Time constants after which an average depends on its beginning by 5 % only."""


@dataclass(frozen=True)
class Smooth:
    """Smoothed answers of n faces.

    Args:
        probabilities: (n, labels).
        affect: (n, 2) valence and arousal.
        frames: (n,) that each answer rests upon.
        warm: (n,) bool, whether they fill the receptive field.
    """

    probabilities: ProbabilitiesOfEach
    affect: Affect
    frames: Counts
    warm: Mask


class Smoothing(TrackStates, Protocol):
    """Owns a state for each key, which is a track on a stream."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Of its probabilities; none if they are those of the network for single frames, whatever they are."""

    def step(self, keys: Sequence[Hashable], seen: Expressions, intervals: np.ndarray) -> Smooth:
        """See one frame of each key, with the seconds (n,) since its frame before."""

    def once(self, seen: Expressions) -> Expressions:
        """The same labels for faces that have no frame before, and will have none after."""


class Unsmoothed:
    """Every frame for itself."""

    labels: tuple[str, ...] = ()

    def step(self, keys: Sequence[Hashable], seen: Expressions, intervals: np.ndarray) -> Smooth:
        ones = np.ones(len(keys), np.int64)
        return Smooth(seen.probabilities, seen.affect, ones, ones.astype(bool))

    def once(self, seen: Expressions) -> Expressions:
        return seen

    def release(self, key: Hashable) -> None:
        """There is nothing to forget."""

    def snapshot(self, key: Hashable) -> object:
        return None

    def restore(self, key: Hashable, state: object) -> None:
        """There is nothing to remember."""


@dataclass
class Average:
    """Weighted mean of the frames of a track."""

    values: np.ndarray
    frames: int = 0
    seconds: float = 0.0


class Exponential:
    """Averages in which older frames count less, whatever the labels are."""

    labels: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._averages: dict[Hashable, Average] = {}

    def step(self, keys: Sequence[Hashable], seen: Expressions, intervals: np.ndarray) -> Smooth:
        averages = []
        for key, values, interval in zip(keys, np.hstack([seen.probabilities, seen.affect]), intervals, strict=True):
            average = self._averages.setdefault(key, Average(values))
            if average.frames:
                average.values = values + (average.values - values) * np.exp(-interval / TIME_CONSTANT)
                average.seconds += interval
            average.frames += 1
            averages.append(average)
        values = np.stack([average.values for average in averages])
        return Smooth(
            values[:, :-2],
            values[:, -2:],
            np.array([average.frames for average in averages]),
            np.array([average.seconds >= SETTLED * TIME_CONSTANT for average in averages]),
        )

    def once(self, seen: Expressions) -> Expressions:
        return seen

    def release(self, key: Hashable) -> None:
        self._averages.pop(key, None)

    def snapshot(self, key: Hashable) -> Average:
        average = self._averages[key]
        return replace(average, values=average.values.copy())

    def restore(self, key: Hashable, state: object) -> None:
        if not isinstance(state, Average):
            raise ValueError("this snapshot belongs to another model")
        self._averages[key] = replace(state, values=state.values.copy())


class Temporal:
    """A continual network over `tasks.emotion.evidence.evidence`.

    Args:
        session: exported with the metadata `labels` (a JSON list) and `evidence_version`. For each frame it gives the
            log-probabilities of the labels, then valence and arousal.

    Raises:
        EngineError: the model is of another kind, or for other evidence.
    """

    def __init__(self, session: Session) -> None:
        self._bank = StateBank(session)
        version = session.metadata.get("evidence_version")
        if version != str(affect.VERSION):
            raise EngineError(f"{session.path}: it is for evidence of version {version}, this is {affect.VERSION}")
        self.labels: tuple[str, ...] = tuple(json.loads(session.metadata.get("labels", "[]")))

    def step(self, keys: Sequence[Hashable], seen: Expressions, intervals: np.ndarray) -> Smooth:
        step = self._bank.step(keys, affect.evidence(seen.probabilities, intervals))
        labels = len(self.labels)
        probabilities = np.exp(step.output[:, :labels].astype(np.float64))
        probabilities /= probabilities.sum(1, keepdims=True)
        return Smooth(probabilities, step.output[:, labels:], step.frames, step.warm)

    def once(self, seen: Expressions) -> Expressions:
        return seen

    def release(self, key: Hashable) -> None:
        self._bank.release(key)

    def snapshot(self, key: Hashable) -> Rows:
        return self._bank.snapshot(key)

    def restore(self, key: Hashable, state: object) -> None:
        self._bank.restore(key, state)
