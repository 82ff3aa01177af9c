"""Coefficients of the spectrum: those of librosa, without librosa."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.sound import MFCC_RATE, MfccConfig, mfcc
from opendr_perception.tasks.sound.mfcc import BANDS


def sweep() -> np.ndarray:
    """A tone that rises from 200 to 1280 Hz in 3.6 s, quiet at both ends."""
    config = MfccConfig()
    time = np.arange(config.samples) / MFCC_RATE
    wave = 0.3 * np.sin(2 * np.pi * (200 * time + 150 * time**2)) * np.hanning(config.samples)
    return wave.astype(np.float32)


def test_a_sweep_has_the_coefficients_that_librosa_gives() -> None:
    found = mfcc(sweep(), MfccConfig())
    assert found.shape == (10, 156)
    middle = [-528.117, 35.722, 8.339, -22.695, -42.866, -42.926, -23.196, 6.746, 32.776, 42.972]
    first = [-560.819, 0.301, 0.286, 0.261, 0.227, 0.185, 0.138, 0.085, 0.030, -0.026]
    assert np.abs(found[:, 78] - middle).max() < 2e-3
    assert np.abs(found[:, 0] - first).max() < 2e-3


def test_digital_silence_has_the_floor_in_the_first_coefficient_alone() -> None:
    found = mfcc(np.zeros(100, np.float32), MfccConfig(coefficients=13))
    assert np.allclose(found[0], -100 * np.sqrt(BANDS))
    assert np.abs(found[1:]).max() < 1e-3


def test_a_short_clip_is_filled_with_silence_and_a_long_one_is_cut() -> None:
    config, wave = MfccConfig(), sweep()
    assert np.array_equal(mfcc(wave[:30000], config), mfcc(np.pad(wave[:30000], (0, 49380)), config))
    assert np.array_equal(mfcc(np.tile(wave, 2), config), mfcc(wave, config))


@pytest.mark.parametrize("wrong", [{"coefficients": 0}, {"coefficients": 129}, {"seconds": 0.01}])
def test_what_is_not_possible_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is not possible"):
        MfccConfig(**wrong)  # type: ignore[arg-type]
