"""The sound of the last seconds, as coefficients of clips that end whenever they are asked for.

What is costly is done once for each frame of the stream. A clip has the same coefficients, to rounding, as if it were
computed from its samples alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.sound import MFCC_RATE, MfccConfig
from opendr_perception.tasks.sound.mfcc import BANDS, EDGE, FFT, HOP, band_powers, coefficients, frames_of

KEPT = 8
"""Seconds of sound that are kept: clips end at most so much earlier than the newest sample as they are shorter."""


@dataclass(frozen=True, eq=False)
class HeardClip:
    """Sound of one clip.

    Attributes:
        coefficients: (coefficients, frames) float32.
        coverage: share of the clip in which there was sound, other than digital zeros.
        loudness: root mean square of its loudest tenth of a second.
        samples: (n,) float32 themselves; zeros where there were none.
    """

    coefficients: np.ndarray
    coverage: float
    loudness: float
    samples: np.ndarray


class HeardSound:
    """Keeps the newest samples of one stream at MFCC_RATE, and the powers of their frames.

    Args:
        config: of the clips.
    """

    def __init__(self, config: MfccConfig) -> None:
        self._config = config
        self.restart()

    def restart(self) -> None:
        """Forget all."""
        self._samples: np.ndarray = np.zeros(0, np.float32)
        self._first = 0  # number of the first sample that is kept
        self._powers: np.ndarray = np.zeros((0, BANDS), np.float32)
        self._first_frame = 0
        self._anchor: tuple[int, int] | None = None

    @property
    def newest(self) -> int | None:
        """Time in ns of the end of the newest sample."""
        return None if self._anchor is None else self._anchor[1]

    @property
    def kept(self) -> int:
        """Samples that are kept."""
        return len(self._samples)

    @property
    def kept_frames(self) -> int:
        """Frames whose powers are kept."""
        return len(self._powers)

    def push(self, samples: np.ndarray, stamp: int) -> None:
        """Take the next samples (n,), which follow those before, and the time of the first in ns."""
        self._samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        count = self._first + len(self._samples)
        self._anchor = (count, stamp + round(len(samples) / MFCC_RATE * 1e9))
        frame = self._first_frame + len(self._powers)
        frame = max(frame, -(-(self._first + FFT // 2) // HOP))
        if not len(self._powers):
            self._first_frame = frame
        ready = (count - FFT // 2) // HOP + 1
        if ready > frame:
            begin = frame * HOP - FFT // 2 - self._first
            windows = np.lib.stride_tricks.sliding_window_view(self._samples[begin:], FFT)[::HOP][: ready - frame]
            self._powers = np.concatenate([self._powers, band_powers(windows)])
        self._forget()

    def _forget(self) -> None:
        spare = len(self._samples) - KEPT * MFCC_RATE
        if spare > MFCC_RATE:  # not for each chunk
            self._samples, self._first = self._samples[spare:].copy(), self._first + spare
            frames = max(-(-self._first // HOP) - self._first_frame, 0)
            self._powers, self._first_frame = self._powers[frames:].copy(), self._first_frame + frames

    def clip(self, end: int) -> HeardClip | None:
        """The clip that ends, to a frame, at a time in ns; None where there is nothing of it."""
        if self._anchor is None:
            return None
        count, newest = self._anchor
        last = count + round((end - newest) * 1e-9 * MFCC_RATE)
        start = (last - self._config.samples) // HOP * HOP
        samples = self._between(start, self._config.samples)
        if not samples.any():
            return None
        powers = self._clip_powers(start, samples)
        blocks = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
        loudness = np.sqrt((blocks**2).mean(1))
        return HeardClip(
            coefficients(powers, self._config),
            float((blocks != 0).any(1).mean()),
            float(np.convolve(loudness, np.full(4, 0.25), "valid").max()),
            samples,
        )

    def _between(self, start: int, size: int) -> np.ndarray:
        """The samples (size,) from a number on; zeros before the first and after the last."""
        found = np.zeros(size, np.float32)
        begin, stop = max(start, self._first), min(start + size, self._first + len(self._samples))
        if stop > begin:
            found[begin - start : stop - start] = self._samples[begin - self._first : stop - self._first]
        return found

    def _clip_powers(self, start: int, samples: np.ndarray) -> np.ndarray:
        """Powers (frames, BANDS) of a clip that begins with the sample `start`: known ones, and those at its ends."""
        frames = np.arange(self._config.frames) + start // HOP
        places = frames - self._first_frame
        inner = (np.arange(len(frames)) >= EDGE) & (np.arange(len(frames)) * HOP + FFT // 2 <= len(samples))
        known = inner & (places >= 0) & (places < len(self._powers))
        powers = np.empty((len(frames), BANDS), np.float32)
        powers[known] = self._powers[places[known]]
        powers[~known] = band_powers(frames_of(samples)[~known])
        return powers
