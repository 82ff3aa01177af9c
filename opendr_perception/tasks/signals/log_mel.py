"""Log-mel features of a stream of sound; what comes out does not depend on how the stream is cut into chunks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

FLOOR = 1e-6
"""Added to the power of a band, so that digital silence has a logarithm."""


@dataclass(frozen=True)
class MelConfig:
    """Configuration of the features; a network belongs to one of them.

    Args:
        rate: samples per second, Hz.
        window: samples of a frame, which a Hann window tapers.
        hop: samples from one frame to the next.
        fft: samples of the Fourier transform.
        bands: triangular filters, evenly spaced on the mel scale m = 2595 log10(1 + f / 700).
        lowest, highest: edges of the filters, Hz.

    Raises:
        ValueError: the sizes do not fit each other.
    """

    rate: int = 16000
    window: int = 400
    hop: int = 250
    fft: int = 512
    bands: int = 48
    lowest: float = 50.0
    highest: float = 7600.0

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.window <= self.fft:
            raise ValueError(f"hop {self.hop} <= window {self.window} <= fft {self.fft} is needed")
        if not 0 <= self.lowest < self.highest <= self.rate / 2 or self.bands < 1:
            raise ValueError(f"{self.bands} bands from {self.lowest} to {self.highest} Hz do not fit {self.rate} Hz")

    def as_dict(self) -> dict[str, float]:
        """For metadata."""
        return asdict(self)


class LogMel:
    """Turns samples into frames of log-mel features.

    Args:
        config: how.
    """

    def __init__(self, config: MelConfig) -> None:
        self.config = config
        self._taper = np.hanning(config.window + 1)[:-1].astype(np.float32)
        self._filters = mel_filters(config)
        self._rest: np.ndarray = np.zeros(0, np.float32)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples (n,) in [-1, 1]; give the frames (m, bands) float32 that they complete."""
        x = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        config = self.config
        count = max((len(x) - config.window) // config.hop + 1, 0)
        self._rest = x[count * config.hop :].copy()
        if not count:
            return np.zeros((0, config.bands), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(x, config.window)[: count * config.hop : config.hop]
        spectrum = np.fft.rfft(frames * self._taper, config.fft, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) / config.fft
        return np.log(power @ self._filters + np.float32(FLOOR))

    def reset(self) -> None:
        """Forget the samples that wait for a frame to be complete."""
        self._rest = np.zeros(0, np.float32)


def log_mel(samples: np.ndarray, config: MelConfig) -> np.ndarray:
    """Frames (m, bands) of a whole recording (n,)."""
    return LogMel(config).push(samples)


@cache
def mel_filters(config: MelConfig) -> np.ndarray:
    """Triangles (fft / 2 + 1, bands) of height 1, whose corners are evenly spaced on the mel scale."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (config.lowest, config.highest))
    corners = 700 * (10 ** (np.linspace(low, high, config.bands + 2) / 2595) - 1)
    frequencies = np.linspace(0, config.rate / 2, config.fft // 2 + 1)[:, None]
    rising = (frequencies - corners[:-2]) / np.diff(corners)[:-1]
    falling = (corners[2:] - frequencies) / np.diff(corners)[1:]
    filters: np.ndarray = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return filters
