"""Heart signals that are made, for tests and benchmarks: all about them is known. Nothing is trained on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WAVES = ((-0.2, 0.025, 0.12), (-0.03, 0.010, -0.12), (0.0, 0.011, 1.1), (0.03, 0.011, -0.25), (0.28, 0.045, 0.28))
"""P, Q, R, S, T: seconds from R at 60 beats per minute, width in s, height in mV [McSharry 2003, ECGSYN]."""
WIDE = ((0.0, 0.045, 1.6), (0.09, 0.04, -0.6), (0.3, 0.06, -0.45))
"""A ventricular beat: no P, broad, T the other way round."""
SOUNDS = ((0.0, 0.022, 55.0, 1.0), (0.32, 0.016, 75.0, 0.7))
"""First and second heart sound: seconds after R, width in s, Hz, loudness."""


def intervals(count: int, pulse: float, spread: float = 0.02, seed: int = 0) -> npt.NDArray[np.float64]:
    """Seconds between beats at a pulse in beats per minute; a spread of 0.2 and more is as in atrial fibrillation."""
    return 60 / pulse * np.exp(np.random.default_rng(seed).normal(0, spread, count))


def electrocardiogram(
    between: Sequence[float] | npt.NDArray[np.float64],
    rate: float,
    *,
    ventricular: Collection[int] = (),
    fibrillation: bool = False,
    noise: float = 0.01,
    seed: int = 0,
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """An electrocardiogram (n,) in mV, and the times of its beats in seconds.

    Args:
        between: seconds between its beats, the first of which comes after the first of them.
        rate: Hz.
        ventricular: places of beats that begin in a ventricle.
        fibrillation: no P waves, but small quick ones all the time.
        noise: mV, beside a baseline that wanders.
        seed: of noise.
    """
    beats = np.cumsum(between)
    time = np.arange(round((beats[-1] + 0.8) * rate)) / rate
    rng = np.random.default_rng(seed)
    signal = 0.1 * np.sin(2 * np.pi * 0.25 * time) + rng.normal(0, noise, len(time))
    if fibrillation:
        signal += 0.05 * np.sin(2 * np.pi * 6.3 * time + 2 * np.sin(2 * np.pi * 0.7 * time))
    for place, beat in enumerate(beats.tolist()):
        waves = WIDE if place in ventricular else WAVES[1:] if fibrillation else WAVES
        near = np.abs(time - beat) < 0.7
        for after, width, height in waves:
            signal[near] += height * np.exp(-(((time[near] - beat - after) / width) ** 2) / 2)
    return signal.astype(np.float32), beats


def phonocardiogram(
    between: Sequence[float] | npt.NDArray[np.float64],
    rate: float,
    *,
    murmur: float = 0.0,
    noise: float = 0.005,
    seed: int = 0,
) -> Floats:
    """Heart sound (n,) in [-1, 1].

    Args:
        between: seconds between beats.
        rate: Hz.
        murmur: loudness of a noise from 100 to 300 Hz between the first sound and the second.
        noise: loudness of noise all the time.
        seed: of noise.
    """
    beats = np.cumsum(between)
    time = np.arange(round((beats[-1] + 0.8) * rate)) / rate
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, noise, len(time))
    rushing = sum(np.sin(2 * np.pi * f * time + rng.uniform(0, 6)) for f in rng.uniform(100, 300, 40)) / 6
    for beat in beats.tolist():
        for after, width, pitch, loudness in SOUNDS:
            x = time - beat - after
            sound += loudness * np.exp(-((x / width) ** 2) / 2) * np.sin(2 * np.pi * pitch * x)
        sound += murmur * rushing * np.exp(-(((time - beat - 0.16) / 0.05) ** 2) / 2)
    return (0.5 * sound).clip(-1, 1).astype(np.float32)
