"""Heart sound as a network hears it, at whatever loudness, and the pulse that is in it."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.signals.heart.quality import Floats
from opendr_perception.tasks.signals.log_mel import LogMel, MelConfig

LOUDNESS = 5
"""Blocks over which loudness is taken."""
LEVEL = -11.0
"""Of the logarithms after that, about their mean in recordings."""
SCALE = 4.0
PULSE = 6.0
"""Seconds in which a pulse is looked for."""
SLOWEST, FASTEST = 40.0, 180.0
"""Beats per minute."""
CLEAR = 0.25
"""Correlation with itself one beat later from which on a pulse is known."""


class SoundFrames:
    """Log-mel frames of one stream, less the loudness of the last seconds.

    Args:
        config: of the frames, for the rate of the model.
    """

    def __init__(self, config: MelConfig) -> None:
        self._features = LogMel(config)
        self._powers: deque[float] = deque(maxlen=LOUDNESS)
        self._envelope: Floats = np.zeros(0, np.float32)
        self._rate = config.rate / config.hop

    def push(self, block: Floats) -> Floats:
        """Take the next block (n,) of about a second; give the frames (m, bands) that it completes."""
        if not len(block):
            return np.zeros((0, self._features.config.bands), np.float32)
        self._powers.append(float(np.mean(np.square(block))))
        gain = 0.1 / (float(np.sqrt(np.mean(self._powers))) + 1e-9)
        frames = self._features.push((block * gain).astype(np.float32))
        envelope = np.exp(frames).sum(1) ** 0.25  # so that the louder one of two sounds is not all there is
        self._envelope = np.concatenate([self._envelope, envelope])[-round(PULSE * self._rate) :]
        return ((frames - LEVEL) / SCALE).astype(np.float32)

    @property
    def pulse(self) -> float:
        """Beats per minute of the last seconds; NaN while they are too few or no pulse is clear."""
        if len(self._envelope) < PULSE / 2 * self._rate:
            return float("nan")
        return pulse_of(self._envelope, self._rate)


def pulse_of(envelope: Floats, rate: float) -> float:
    """Beats per minute of an envelope (n,) at a rate in Hz, from where it is most like itself; NaN if nowhere."""
    x = envelope - envelope.mean()
    spread = float(x @ x)
    first, last = round(60 / FASTEST * rate), min(round(60 / SLOWEST * rate), len(x) - 2)
    if spread <= 0 or last <= first:
        return float("nan")
    lags = np.arange(first - 1, last + 2)
    alike = np.array([x[lag:] @ x[:-lag] / (len(x) - lag) for lag in lags]) / (spread / len(x))
    peaks = np.flatnonzero((alike[1:-1] >= alike[:-2]) & (alike[1:-1] > alike[2:])) + 1
    peaks = peaks[alike[peaks] > CLEAR]
    if not len(peaks):
        return float("nan")
    # Two beats later it is alike again: the first of the peaks that are nearly as high as the highest is one beat.
    best = peaks[alike[peaks] > 0.85 * alike[peaks].max()][0]
    left, middle, right = alike[best - 1 : best + 2]
    curve = left - 2 * middle + right
    offset = 0.0 if curve == 0 else float(np.clip((left - right) / (2 * curve), -0.5, 0.5))
    return float(60 * rate / (lags[best] + offset))


def patches(frames: npt.NDArray[np.float32], field: int, hop: int) -> npt.NDArray[np.float32]:
    """The whole patches (T, field, bands) of frames (n, bands)."""
    if len(frames) < field:
        return np.zeros((0, field, frames.shape[1]), np.float32)
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(frames, field, axis=0)[::hop], -1, 1)
