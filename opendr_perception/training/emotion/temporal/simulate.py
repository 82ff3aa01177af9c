"""Simulated faces: expressions that come and go, as a noisy network sees them, frame by frame.

There are no films with known valence and arousal to learn from here. What is known is how the network for single frames
errs on a face that stays as it is (`affect_noise.py`); a temporal network can learn from that what to believe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.emotion import EXPRESSIONS, affect_of
from opendr_perception.training.emotion.temporal.noise import ExpressionNoise

Floats = np.ndarray

DELAY = 2 / 30
"""Seconds by which answers may lag behind: a moment of the future tells a glitch from a change."""

CLASSES = len(EXPRESSIONS)


@dataclass(frozen=True)
class SimulatedTrack:
    """One face over T frames.

    Attributes:
        stamps: (T,) seconds.
        seen: (T, 7) probabilities of the single frames.
        shown: (T, 7) what the face shows, DELAY earlier: a mixture of neutral and other expressions.
        now: (T, 7) the same at the stamps.
    """

    stamps: Floats
    seen: Floats
    shown: Floats
    now: Floats

    @property
    def affect(self) -> Floats:
        """(T, 2) valence and arousal of what is shown."""
        return self.shown @ affect_of(EXPRESSIONS)


def simulate(rng: np.random.Generator, noise: ExpressionNoise, length: int) -> SimulatedTrack:
    """Draw a face that shows one expression after the other."""
    stamps = _stamps(rng, length)
    shows = _play(rng, stamps[-1] + 1)
    now = shows(stamps)
    seen = _see(rng, noise, now, stamps)
    return SimulatedTrack(stamps, _turn_away(rng, seen, stamps), shows(stamps - DELAY), now)


def _stamps(rng: np.random.Generator, length: int) -> Floats:
    """Frames at 5 to 30 Hz, mostly 30, a little irregular and with some that are lost."""
    rate = 30.0 if rng.random() < 0.5 else float(np.exp(rng.uniform(np.log(5), np.log(30))))
    intervals = rng.normal(1, rng.uniform(0, 0.15), length).clip(0.3, 2) / rate
    intervals *= np.where(rng.random(length) < 0.02, rng.integers(2, 5, length), 1)
    stamps: Floats = np.cumsum(intervals)
    return stamps


class _Play:
    """Expressions over time: each begins with a ramp from the one before."""

    def __init__(self, begins: Floats, ramps: Floats, mixtures: Floats) -> None:
        self._begins, self._ramps, self._mixtures = begins, ramps, mixtures

    def __call__(self, times: Floats) -> Floats:
        place = np.searchsorted(self._begins, times, side="right").clip(1) - 1
        share = ((times - self._begins[place]) / self._ramps[place]).clip(0, 1)[:, None]
        share = 0.5 - 0.5 * np.cos(np.pi * share)
        mixtures: Floats = (1 - share) * self._mixtures[(place - 1).clip(0)] + share * self._mixtures[place]
        return mixtures


def _play(rng: np.random.Generator, seconds: float) -> _Play:
    lengths = np.exp(rng.uniform(np.log(0.5), np.log(8), 4 + int(seconds / 0.5)))
    begins = np.cumsum(lengths) - lengths[0] * (1 + rng.random())
    ramps = np.exp(rng.uniform(np.log(0.03), np.log(0.4), len(begins)))
    shown = rng.random(len(begins)) < 0.7
    intensity = np.where(shown, rng.uniform(0.5, 1.0, len(begins)), rng.uniform(0.0, 0.3, len(begins)))
    mixtures = np.zeros((len(begins), CLASSES))
    mixtures[np.arange(len(begins)), rng.integers(1, CLASSES, len(begins))] = intensity
    mixtures[:, 0] = 1 - intensity
    return _Play(begins, ramps, mixtures)


def _see(rng: np.random.Generator, noise: ExpressionNoise, shown: Floats, stamps: Floats) -> Floats:
    """Probabilities that the network for single frames gives to what is shown."""
    logits = rng.uniform(0.8, 1.4) * np.log(shown.clip(1e-3))
    logits = logits + rng.normal(0, noise.calm / 2, CLASSES)  # of this person, always the same
    intervals = np.diff(stamps, prepend=stamps[0])
    talking = _episodes(rng, stamps, rate=0.15, seconds=1.5)
    level = rng.uniform(0.3, 1.2) * np.where(talking, noise.restless * rng.uniform(0.7, 1.5), noise.calm)
    memory = noise.correlation ** (intervals * 30)
    fresh = rng.normal(0, 1, shown.shape)
    error = fresh[0]
    for k in range(len(stamps)):
        error = memory[k] * error + np.sqrt(1 - memory[k] ** 2) * fresh[k]
        logits[k] += level[k] * error
    often = rng.random() * noise.glitches
    for other in rng.integers(0, CLASSES, 3):
        glitch = _episodes(rng, stamps, often / 3, noise.glitch_length)
        logits[glitch, other] += rng.uniform(2, 8)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    probabilities: Floats = odds / odds.sum(1, keepdims=True)
    return probabilities


def _turn_away(rng: np.random.Generator, seen: Floats, stamps: Floats) -> Floats:
    """Now and then a view cannot be trusted, and says less."""
    trust = np.where(_episodes(rng, stamps, rate=0.08, seconds=1.0), rng.random(), 1.0)[:, None]
    return trust * seen + (1 - trust) / CLASSES


def _episodes(rng: np.random.Generator, stamps: Floats, rate: float, seconds: float) -> Floats:
    """(T,) bool, True during episodes that begin `rate` times a second and last so many seconds, on average."""
    inside = np.zeros(len(stamps), bool)
    for begin in rng.uniform(stamps[0], stamps[-1], rng.poisson(rate * (stamps[-1] - stamps[0]))):
        inside |= (stamps >= begin) & (stamps < begin + rng.uniform(0, 2 * seconds))
    return inside
