"""Examples for a network that names sounds: events before backgrounds, with a label for each token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.signal import lfilter

from opendr_perception.evaluate.sound import RATE, LabelledSound
from opendr_perception.tasks.signals.log_mel import log_mel
from opendr_perception.tasks.signals.resample import resample
from opendr_perception.tasks.sound import FLOOR, MelConfig

UNKNOWN = "unknown"
IGNORED = -1
QUIET = np.float32(np.log(FLOOR))
FRAME = 0.0156
"""Seconds from one frame to the next, about."""


@dataclass(frozen=True)
class Timing:
    """Timing of events: when a token has to know what an event is.

    Args:
        field, hop: frames of a patch, and from one patch to the next.
        frames: of an example.
        need: frames of an event after which it is known; 0: its end.
        keep: frames after its end in which it is still the answer.
    """

    field: int
    hop: int
    frames: int
    need: int
    keep: int

    @property
    def tokens(self) -> int:
        return (self.frames - self.field) // self.hop + 1

    def labels(self, label: int, unknown: int, start: int, length: int) -> np.ndarray:
        """Labels (tokens,) of an event at a frame, `unknown` before it, IGNORED where nobody could tell."""
        end = np.arange(self.tokens) * self.hop + self.field
        known = start + (min(self.need, length) or length)
        wanted = np.where((end >= known) & (end < start + length + self.keep), label, IGNORED)
        return np.where(end <= start, unknown, wanted)


@dataclass(frozen=True)
class Distortion:
    """Differences of examples from recordings.

    Args:
        colour: standard deviation of the loudness of a band, in nepers of power: another microphone in another room.
        warp: standard deviation of the scale of frequencies, in nepers: a longer or shorter vocal tract [Jaitly 2013].
        stretch: standard deviation of the scale of time, in nepers: said faster or slower at the same pitch.
        echo: share of examples in which a room of 0.15 to 0.7 s reverberation is heard.
        loudness: range of the power of an event, in decades around that of its recording.
    """

    colour: float
    warp: float = 0.0
    stretch: float = 0.0
    echo: float = 0.0
    loudness: tuple[float, float] = (-1.0, 0.7)


@dataclass(frozen=True, eq=False)
class SoundEvent:
    """Log-mel frames (speeds, n, bands) of one recording, played at several speeds, and its label."""

    variants: tuple[np.ndarray, ...]
    label: int


def events_of(
    recordings: Sequence[LabelledSound], labels: Sequence[str], config: MelConfig, speeds: Sequence[float]
) -> list[SoundEvent]:
    """Features of recordings; those whose label is none of `labels` are unknown."""
    places = {label: place for place, label in enumerate(labels)}
    return [
        SoundEvent(
            tuple(
                log_mel(resample(recording.samples, RATE, RATE / speed) if speed != 1 else recording.samples, config)
                for speed in speeds
            ),
            places.get(recording.label, places[UNKNOWN]),
        )
        for recording in recordings
    ]


def pseudo_words(recordings: Sequence[LabelledSound], count: int, rng: np.random.Generator) -> list[LabelledSound]:
    """Speech that is none of the words: words backwards, and the halves of two different ones joined."""
    made = []
    for _ in range(count):
        one, other = (recordings[int(k)] for k in rng.integers(len(recordings), size=2))
        if one.label == other.label:
            samples = one.samples[::-1].copy()
        else:
            samples = np.concatenate([one.samples[: len(one.samples) // 2], other.samples[len(other.samples) // 2 :]])
        made.append(LabelledSound(samples, UNKNOWN, one.group))
    return made


def noises(count: int, seconds: float, rng: np.random.Generator) -> list[LabelledSound]:
    """Coloured noise, hum, tones and sweeps, of any loudness down to digital silence."""
    size, made = round(seconds * RATE), []
    time = np.arange(size) / RATE
    for index in range(count):
        if index % 3 == 2:  # a hum, a tone or a sweep
            begin, end = np.exp(rng.uniform(np.log(50), np.log(6000), 2))
            phase = 2 * np.pi * np.cumsum(np.linspace(begin, begin if index % 2 else end, size)) / RATE
            wave = np.sin(phase) * (1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 8) * time))
        else:
            spectrum = np.fft.rfft(rng.normal(size=size))
            spectrum /= np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20) ** rng.uniform(0, 1.2)
            wave = np.fft.irfft(spectrum, size)
        level = 0.0 if index % 10 == 0 else 10 ** rng.uniform(-4, -0.7)
        made.append(LabelledSound((wave / np.abs(wave).max() * level).astype(np.float32), UNKNOWN, "made"))
    return made


class Examples:
    """Draws batches.

    Args:
        events: what is to be told apart.
        others: what is none of it: backgrounds, and a part of the events.
        timing: of the tokens.
        unknown: the label of all else.
        share: of examples in which the event is one of `others`.
        distortion: of what is drawn.
        seed: of all that is drawn.
    """

    def __init__(
        self,
        events: Sequence[SoundEvent],
        others: Sequence[SoundEvent],
        timing: Timing,
        unknown: int,
        share: float,
        distortion: Distortion,
        seed: int,
    ) -> None:
        self._events, self._others, self._timing = events, others, timing
        self._unknown, self._share, self._distortion, self._seed = unknown, share, distortion, seed

    def batch(self, step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Frames (size, frames, bands) float32 and labels (size, tokens) int64 of a step."""
        rng = np.random.default_rng((self._seed, step))
        made = [self._example(rng) for _ in range(size)]
        return np.stack([frames for frames, _ in made]), np.stack([labels for _, labels in made])

    def _example(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        timing = self._timing
        pool = self._others if rng.random() < self._share else self._events
        event = pool[int(rng.integers(len(pool)))]
        distortion = self._distortion
        frames = _warped(event.variants[int(rng.integers(len(event.variants)))], distortion, rng)
        latest = timing.frames - min(len(frames), timing.frames // 2)
        start = int(rng.integers(-(len(frames) // 5) if timing.need else timing.field // 2, latest + 1))
        cut = frames[max(-start, 0) :][: timing.frames - max(start, 0)]
        power = np.zeros((timing.frames, frames.shape[1]), np.float32)
        loudness = np.float32(10 ** rng.uniform(*distortion.loudness))
        power[max(start, 0) : max(start, 0) + len(cut)] = np.exp(cut) * loudness
        if distortion.echo and rng.random() < distortion.echo:
            power = _echoed(power, rng)
        if rng.random() < 0.5:
            power += self._background(rng)
        mixed = _coloured(np.log(power + np.float32(FLOOR)), distortion.colour, rng)
        return _masked(mixed, rng), timing.labels(event.label, self._unknown, max(start, 0), len(cut))

    def _background(self, rng: np.random.Generator) -> np.ndarray:
        other = self._others[int(rng.integers(len(self._others)))]
        frames = other.variants[0]
        places = (np.arange(self._timing.frames) + int(rng.integers(len(frames)))) % len(frames)
        background: np.ndarray = np.exp(frames[places]) * np.float32(10 ** rng.uniform(-5, -2))
        return background


def _warped(frames: np.ndarray, distortion: Distortion, rng: np.random.Generator) -> np.ndarray:
    """Frames (n, bands) with other scales of time and frequency."""
    if not distortion.warp and not distortion.stretch:
        return frames
    length, bands = frames.shape
    time, scale = (np.exp(rng.normal(0, spread)) for spread in (distortion.stretch, distortion.warp))
    rows = np.linspace(0, length - 1, max(round(length * time), 2))
    columns = np.minimum(np.arange(bands) * scale, bands - 1)
    warped: np.ndarray = map_coordinates(frames, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="nearest")
    return warped


def _echoed(power: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Power (n, bands) with what a room adds: it decays by 60 dB in the time of its reverberation."""
    decay = 10 ** (-6 * FRAME / rng.uniform(0.15, 0.7))
    share = rng.uniform(0.05, 0.5)
    room: np.ndarray = lfilter([1 - decay], [1, -decay], power, axis=0)
    echoed: np.ndarray = ((1 - share) * power + share * room).astype(np.float32)
    return echoed


def _coloured(frames: np.ndarray, colour: float, rng: np.random.Generator) -> np.ndarray:
    """As another microphone in another room hears it: some bands louder."""
    bands = frames.shape[1]
    corners = rng.normal(0, colour, 5)
    return frames + np.interp(np.linspace(0, 4, bands), np.arange(5), corners).astype(np.float32)


def _masked(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Without some bands and some moments [Park 2019, SpecAugment]."""
    length, bands = frames.shape
    low, wide = int(rng.integers(bands)), int(rng.integers(0, bands // 6 + 1))
    frames[:, low : low + wide] = QUIET
    begin, long = int(rng.integers(length)), int(rng.integers(0, length // 10 + 1))
    frames[begin : begin + long] = QUIET
    return frames
