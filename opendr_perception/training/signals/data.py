"""Training data from heart recordings: tokens as the node makes them, and their augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.signals.heart import match
from opendr_perception.evaluate.signals.sets import HeartRecording
from opendr_perception.files import replacing
from opendr_perception.tasks.signals import MelConfig
from opendr_perception.tasks.signals.heart import RATE, RHYTHM, WAVE, BeatTokens, SoundFrames
from opendr_perception.tasks.signals.resample import resample

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HeartExample:
    """A recording as the network sees it, or one beat.

    Attributes:
        tokens: beats (n, 2 WAVE + RHYTHM), or log-mel frames (n, bands).
        label: its place among the labels.
        group: see `evaluate.signals.sets`.
    """

    tokens: Floats
    label: int
    group: str


def examples_of(
    recordings: Sequence[HeartRecording], labels: Sequence[str], mel: MelConfig | None, cache: Path | None = None
) -> list[HeartExample]:
    """Examples of recordings, or of their beats where these are labelled.

    Args:
        recordings: of one set.
        labels: in the order of the network's answers.
        mel: features of heart sound; None for electrocardiograms.
        cache: an .npz in which the tokens are kept for the next time.
    """
    found = _stored(cache) if cache is not None and cache.exists() else None
    if found is None:
        found = [frames_of(each, mel) if mel else beats_of(each) for each in recordings]
        if cache is not None:
            _store(cache, found)
    examples: list[HeartExample] = []
    for each, (tokens, times) in zip(recordings, found, strict=True):
        if each.label and len(tokens):
            examples.append(HeartExample(tokens, labels.index(each.label), each.group))
        for marked, place in match(each.times, times).items():
            if each.beats[marked]:
                examples.append(HeartExample(tokens[place][None], labels.index(each.beats[marked]), each.group))
    return examples


Tokens = tuple[Floats, npt.NDArray[np.float64]]
"""Tokens of a recording, and the times of beats in seconds."""


def beats_of(recording: HeartRecording) -> Tokens:
    """The beats of an electrocardiogram, taken second by second as the node takes them."""
    source, samples = BeatTokens(), resample(recording.samples, recording.rate, RATE)
    found = [beat for start in range(0, len(samples), RATE) for beat in source.push(samples[start : start + RATE])]
    tokens = np.array([beat.features for beat in found], np.float32).reshape(-1, 2 * WAVE + RHYTHM)
    return tokens, np.array([beat.index / RATE for beat in found])


def frames_of(recording: HeartRecording, mel: MelConfig) -> Tokens:
    """The frames of heart sound, taken second by second as the node takes them."""
    source, samples = SoundFrames(mel), resample(recording.samples, recording.rate, mel.rate)
    frames = [source.push(samples[start : start + mel.rate]) for start in range(0, len(samples), mel.rate)]
    return np.concatenate(frames), np.zeros(0)


def beats_batch(examples: Sequence[HeartExample], window: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Varied beats (B, window, 2 WAVE + RHYTHM), and which of them are real (B, window)."""
    batch = np.zeros((len(examples), window, 2 * WAVE + RHYTHM), np.float32)
    seen = np.zeros((len(examples), window), np.float32)
    for row, example in enumerate(examples):
        start = int(rng.integers(0, max(len(example.tokens) - window, 0) + 1))
        tokens = example.tokens[start : start + window]
        batch[row, : len(tokens)] = varied_beats(tokens, rng, flip=window > 1)
        seen[row, : len(tokens)] = 1
    return batch, seen


def varied_beats(beats: Floats, rng: np.random.Generator, *, flip: bool) -> Floats:
    """The beats as another amplifier would give them: louder, noisier, found a little early or late.

    Args:
        beats: (n, 2 WAVE + RHYTHM).
        rng: what is drawn.
        flip: half of the time the electrodes are the other way round. Not for single beats, whose usual wave tells.
    """
    waves = beats[:, : 2 * WAVE].reshape(-1, 2, WAVE) * np.float32(np.exp(rng.normal(0, 0.1)))
    if flip and rng.random() < 0.5:
        waves = -waves
    waves = np.roll(waves, int(rng.integers(-3, 4)), 2)
    waves = waves + rng.normal(0, rng.uniform(0, 0.06), waves.shape)
    rhythm = beats[:, 2 * WAVE :] + rng.normal(0, 0.02, (len(beats), RHYTHM))
    return np.concatenate([waves.reshape(len(beats), -1), rhythm], 1).astype(np.float32)


def frames_batch(examples: Sequence[HeartExample], length: int, rng: np.random.Generator) -> Floats:
    """Varied pieces of heart sound (B, length, bands); a shorter recording is repeated."""
    return np.stack([varied_frames(_piece(example.tokens, length, rng), rng) for example in examples])


def _piece(frames: Floats, length: int, rng: np.random.Generator) -> Floats:
    start = int(rng.integers(0, max(len(frames) - length, 0) + 1))
    piece = frames[start : start + length]
    return np.tile(piece, (-(-length // len(piece)), 1))[:length]


def varied_frames(frames: Floats, rng: np.random.Generator) -> Floats:
    """The sound as another stethoscope at another place would have it: some bands louder, some missing, noise."""
    bands = frames.shape[1]
    colour = np.interp(np.arange(bands), np.linspace(0, bands - 1, 5), rng.normal(0, 0.25, 5))
    varied = frames + colour + rng.normal(0, 0.15) + rng.normal(0, 0.1, frames.shape)
    low = int(rng.integers(bands))
    varied[:, low : low + int(rng.integers(0, 4))] = 0
    return varied.astype(np.float32)


def chances(examples: Sequence[HeartExample], *, balanced: bool, by_group: bool) -> npt.NDArray[np.float64]:
    """Probabilities (n,) with which the examples are drawn; the sum is 1.

    Args:
        examples: to draw from.
        balanced: all labels alike, else their square roots.
        by_group: labels alike within each group, so that a group's device does not give the label away.
    """
    keys = [(each.group if by_group else "", each.label) for each in examples]
    counts = {key: keys.count(key) for key in set(keys)}
    sizes = {group: sum(n for (name, _), n in counts.items() if name == group) for group in {key[0] for key in keys}}
    power = 1.0 if balanced or by_group else 0.5
    weights = np.array([sizes[key[0]] ** 0.5 / counts[key] ** power for key in keys])
    found: npt.NDArray[np.float64] = weights / weights.sum()
    return found


def _store(path: Path, found: Sequence[Tokens]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, ".npz") as unfinished:
        np.savez(
            unfinished,
            tokens=np.concatenate([tokens for tokens, _ in found]),
            times=np.concatenate([times for _, times in found]),
            sizes=np.array([(len(tokens), len(times)) for tokens, times in found]),
        )


def _stored(path: Path) -> list[Tokens]:
    with open_arrays(path) as arrays:
        ends = np.cumsum(arrays["sizes"], 0)[:-1]
        return list(zip(np.split(arrays["tokens"], ends[:, 0]), np.split(arrays["times"], ends[:, 1]), strict=True))
