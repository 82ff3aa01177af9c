"""Watches one heart: signal in, judgements out, second by second or beat by beat.

What is said does not depend on how the stream is cut: it is taken in blocks of one second. A block of which less than
half can be used is left out, and after it the window restarts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.signals.heart.electrocardiogram import BeatTokens
from opendr_perception.tasks.signals.heart.model import HeartModel, Patch
from opendr_perception.tasks.signals.heart.phonocardiogram import SoundFrames, patches
from opendr_perception.tasks.signals.heart.quality import Floats, SignalQuality, judge, without_holes

LEAST = 0.5
"""Share of a block that must be usable for it to be looked at."""
BEATS = 8
"""Intervals of which the heart rate is the median; three are needed."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """Judgement of the newest window of a stream.

    Attributes:
        end: samples of the stream that it is about, up to its last one.
        label: the most probable one; '' while the signal cannot be used or nothing has been seen yet.
        probabilities: (labels,) float32, sum 1; (0,) where there is no label.
        rate: beats per minute; NaN where it is not known.
        quality: of the last ten seconds, in [0, 1].
        window: seconds that the network has seen.
        warm: its window is filled.
        problem: of the signal, in words; '' for none.
    """

    end: int
    label: str
    probabilities: Floats
    rate: float
    quality: float
    window: float
    warm: bool
    problem: str


@dataclass(frozen=True, eq=False)
class Token:
    """Next input of the network, and the first and last sample that it is about."""

    features: Floats
    first: int
    last: int


class Pulse:
    """Tokens and heart rate of an electrocardiogram."""

    def __init__(self) -> None:
        self._tokens = BeatTokens()
        self._intervals: deque[float] = deque(maxlen=BEATS)
        self._beat = 0

    def push(self, block: Floats) -> list[Token]:
        found = self._tokens.push(block)
        self._intervals.extend(each.interval for each in found if each.interval == each.interval)
        self._beat = found[-1].index if found else self._beat
        return [Token(each.features, each.index, each.index) for each in found]

    @property
    def rate(self) -> float:
        return 60 / float(np.median(self._intervals)) if len(self._intervals) > 2 else float("nan")


class Sounds:
    """Tokens and heart rate of heart sound."""

    def __init__(self, patch: Patch) -> None:
        self._patch, self._frames = patch, SoundFrames(patch.mel)
        self._waiting: Floats = np.zeros((0, patch.mel.bands), np.float32)
        self._count = 0

    def push(self, block: Floats) -> list[Token]:
        self._waiting = np.concatenate([self._waiting, self._frames.push(block)])
        patch, mel = self._patch, self._patch.mel
        found = patches(self._waiting, patch.field, patch.hop)
        self._waiting = self._waiting[len(found) * patch.hop :]
        first = self._count * patch.hop * mel.hop
        self._count += len(found)
        length = (patch.field - 1) * mel.hop + mel.window
        starts = [first + place * patch.hop * mel.hop for place in range(len(found))]
        return [Token(each, start, start + length) for each, start in zip(found, starts, strict=True)]

    @property
    def rate(self) -> float:
        return self._frames.pulse


class HeartWatcher:
    """Watches one stream.

    Args:
        model: the network, shared by all streams.
        least_quality: below which there is no label.
    """

    def __init__(self, model: HeartModel, least_quality: float = 0.6) -> None:
        self.model, self._least = model, least_quality
        self._bank = StateBank(model.session)
        self._quality = SignalQuality()
        self._waiting: Floats = np.zeros(0, np.float32)
        self.heard = 0
        self._done = 0
        self._start_anew()

    def push(self, samples: npt.ArrayLike) -> Iterator[Judgement]:
        """Take the next samples (n,) at the model's rate, NaN for no value; give what is known with them."""
        new = np.asarray(samples, np.float32)
        self.heard += len(new)
        self._waiting = np.concatenate([self._waiting, new])
        while len(self._waiting) >= self.model.rate:
            block, self._waiting = self._waiting[: self.model.rate], self._waiting[self.model.rate :]
            self._done += len(block)
            yield from self._look(block)

    def finish(self) -> Iterator[Judgement]:
        """Give what can be said with the rest of a recording that is less than a block."""
        block, self._waiting = self._waiting, self._waiting[:0]
        if len(block) >= self.model.rate * LEAST:
            self._done += len(block)
            yield from self._look(block)

    def _start_anew(self) -> None:
        self._bank.release("")
        patch = self.model.patch
        self._source: Pulse | Sounds = Sounds(patch) if patch else Pulse()
        self._firsts: deque[int] = deque(maxlen=self.model.window)
        self._begun = self._done
        self._probabilities: Floats = np.zeros(0, np.float32)
        self._warm = self._paused = False
        self._value = 0.0

    def _look(self, block: Floats) -> Iterator[Judgement]:
        usable = judge(block, self.model.rate)
        self._quality.note(usable)
        if usable.share < LEAST:
            self._paused = True
            yield self._say(self._done, "", np.zeros(0, np.float32))
            return
        if self._paused:
            self._start_anew()
            self._begun = self._done - len(block)
        whole = without_holes(block, self._value)
        self._value = float(whole[-1])
        for token in self._source.push(whole):
            step = self._bank.step(("",), token.features[None])
            self._probabilities, self._warm = step.output[0], bool(step.warm[0])
            self._firsts.append(token.first)
            if self.model.by_beat:
                yield self._answer(self._begun + token.last)
        if not self.model.by_beat:
            yield self._answer(self._done)

    def _answer(self, end: int) -> Judgement:
        usable = len(self._probabilities) and self._quality.value >= self._least
        label = self.model.labels[int(np.argmax(self._probabilities))] if usable else ""
        return self._say(end, label, self._probabilities)

    def _say(self, end: int, label: str, probabilities: Floats) -> Judgement:
        first = self._begun + self._firsts[0] if self._firsts and len(probabilities) else end
        rate = self._source.rate if len(probabilities) else float("nan")
        window, quality = max(end - first, 0) / self.model.rate, self._quality
        return Judgement(end, label, probabilities, rate, quality.value, window, self._warm, quality.problem)
