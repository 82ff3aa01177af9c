"""Clips to learn from: the voice of one person and the face of another one, who show the same emotion.

Sets that have both are large and their terms are narrow; of pairs like these, a network learns what a voice and a face
say, and not how they move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from opendr_perception.evaluate.emotion.voices import LabelledVoice
from opendr_perception.tasks.signals.resample import resample
from opendr_perception.tasks.sound import MfccConfig
from opendr_perception.tasks.sound.mfcc import band_powers, coefficients, frames_of

SPEEDS = ((1, 1), (10, 9), (9, 10))
"""Rates of playing, as fractions: a voice that is higher and faster is that of another person."""
NARROW = (9, 8)
"""Resampled by this and back, a voice has nothing above 9.8 kHz, where recordings of 16 kHz have little."""
SILENCE = 1e-10
"""Power of a band in digital silence."""

Dropout = Literal["none", "softhard", "noise"]


@dataclass(frozen=True, eq=False)
class VoiceFeatures:
    """Mel powers (frames, bands) of a recording at some speeds, and its label."""

    variants: tuple[np.ndarray, ...]
    label: int
    speaker: str


@dataclass(frozen=True, eq=False)
class FaceFeatures:
    """Faces by what a network for single images says of them.

    Attributes:
        features: (faces, variants, c) float32: of the same face, moved, turned and lit differently.
        labels: (faces,).
    """

    features: np.ndarray
    labels: np.ndarray


def voices_of(recordings: Sequence[LabelledVoice], labels: Sequence[str]) -> list[VoiceFeatures]:
    """Features of those recordings whose emotion is one of the labels."""
    found = []
    for each in recordings:
        if each.label in labels:
            narrow = resample(resample(each.samples, *NARROW), *NARROW[::-1])
            played = (narrow if up == down else resample(narrow, up, down) for up, down in SPEEDS)
            powers = tuple(band_powers(frames_of(samples)) for samples in played)
            found.append(VoiceFeatures(powers, labels.index(each.label), each.speaker))
    return found


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and spread of each coefficient, as a network's input has mean 0 and spread 1 where there is sound.

    Attributes:
        mean, spread: (coefficients,) float32.
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, voices: Sequence[VoiceFeatures], config: MfccConfig) -> Scale:
        """That of recordings as they are."""
        found = np.concatenate([coefficients(voice.variants[0], config) for voice in voices], 1)
        return cls(found.mean(1), found.std(1))

    def __call__(self, found: np.ndarray) -> np.ndarray:
        """Scale coefficients (coefficients, frames)."""
        scaled: np.ndarray = (found - self.mean[:, None]) / self.spread[:, None]
        return scaled.astype(np.float32)


def clip_of(powers: np.ndarray, config: MfccConfig, start: int = 0) -> np.ndarray:
    """Powers (frames, bands) of a clip in which a recording begins at a frame; before the clip if that is negative."""
    clip = np.full((config.frames, powers.shape[1]), SILENCE, np.float32)
    part = powers[max(-start, 0) :][: config.frames - max(start, 0)]
    clip[max(start, 0) : max(start, 0) + len(part)] = part
    return clip


class Clips:
    """Draws batches of clips.

    Args:
        voices: to learn from.
        faces: to learn from; None for voices alone, where the video is zeros.
        config, scale: of the coefficients.
        frames: faces of a clip.
        seed: of all that is drawn.
    """

    def __init__(
        self,
        voices: Sequence[VoiceFeatures],
        faces: FaceFeatures | None,
        config: MfccConfig,
        scale: Scale,
        frames: int,
        seed: int,
    ) -> None:
        self._config, self._scale, self._seed, self._frames, self._faces = config, scale, seed, frames, faces
        present = sorted({voice.label for voice in voices})
        self._voices = {label: [voice for voice in voices if voice.label == label] for label in present}
        self._labels = np.array(present)

    def batch(self, step: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Audio (size, coefficients, frames), video (size, c, faces) and labels (size,) of a step; labels are drawn
        evenly."""
        rng = np.random.default_rng((self._seed, step))
        labels = self._labels[rng.permutation(np.arange(size) % len(self._labels))]
        audio = np.stack([self._voice(int(label), rng) for label in labels])
        video = np.stack([self._film(int(label), rng) for label in labels])
        return audio, video, labels.astype(np.int64)

    def plain(self, voice: VoiceFeatures) -> np.ndarray:
        """The scaled coefficients of a voice as it is, from the beginning of a clip on."""
        return self._scale(coefficients(clip_of(voice.variants[0], self._config), self._config))

    def _voice(self, label: int, rng: np.random.Generator) -> np.ndarray:
        pool = self._voices[label]
        variants = pool[int(rng.integers(len(pool)))].variants
        powers = variants[int(rng.integers(len(variants)))]
        spare = self._config.frames - len(powers)
        clip = clip_of(powers, self._config, int(rng.integers(min(spare, -8), max(spare, 8) + 1)))
        bands = clip.shape[1]
        room = np.interp(np.linspace(0, 4, bands), np.arange(5), rng.normal(0, 0.3, 5))
        tilted = clip * np.exp(room + rng.normal(0, 0.5)).astype(np.float32)
        noise = tilted.max() * 10 ** rng.uniform(-8, -4.5) * rng.exponential(1, clip.shape) if rng.random() < 0.3 else 0
        found = self._scale(coefficients((tilted + noise).astype(np.float32), self._config))
        begin, long = int(rng.integers(found.shape[1])), int(rng.integers(0, 12))
        found[:, begin : begin + long] = 0
        return found

    def _film(self, label: int, rng: np.random.Generator) -> np.ndarray:
        """One face in each frame in another way; it is hidden for a while in some."""
        faces = self._faces
        if faces is None:
            return np.zeros((1, self._frames), np.float32)
        pool = np.flatnonzero(faces.labels == label)
        face = faces.features[pool[int(rng.integers(len(pool)))]]
        film = face[rng.integers(len(face), size=self._frames)].T.astype(np.float32)
        if rng.random() < 0.3:
            begin, long = int(rng.integers(self._frames)), int(rng.integers(1, self._frames // 2 + 1))
            film[:, begin : begin + long] = 0
        return film


def with_dropout(
    audio: np.ndarray, video: np.ndarray, labels: np.ndarray, kind: Dropout, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A batch with modality dropout [Chumachenko 2022, sec. III-C, and its code].

    Args:
        audio, video: (n, ...) each.
        labels: (n,).
        kind: `none`: the batch as it is; `softhard`: 4n clips, which are the batch, the batch with each clip's audio
            times a and video times 1 - a, without audio, and without video; `noise`: 3n clips, which are the batch,
            and the batch with noise for the audio and for the video.
        rng: where a and noise are from.
    """
    if kind == "none":
        return audio, video, labels
    if kind == "softhard":
        share = (rng.integers(0, 100, (len(audio), 1, 1)) / 100).astype(np.float32)
        sounds = [audio, audio * share, np.zeros_like(audio), audio]
        films = [video, video * (1 - share), video, np.zeros_like(video)]
    else:
        sounds = [audio, rng.normal(size=audio.shape).astype(np.float32), audio]
        films = [video, video, rng.normal(size=video.shape).astype(np.float32)]
    order = rng.permutation(len(audio) * len(sounds))
    together = np.tile(labels, len(sounds))
    return np.concatenate(sounds)[order], np.concatenate(films)[order], together[order]
