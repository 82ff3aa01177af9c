"""Heart sound gives its pulse, and the same frames however loud it is."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.signals import MelConfig
from opendr_perception.tasks.signals.heart import SoundFrames, patches
from opendr_perception.training.signals.simulate import intervals, phonocardiogram

MEL = MelConfig(rate=1000, window=25, hop=10, fft=64, bands=24, lowest=20.0, highest=490.0)


def push(sound: np.ndarray) -> tuple[SoundFrames, np.ndarray]:
    frames = SoundFrames(MEL)
    return frames, np.concatenate([frames.push(sound[k : k + 1000]) for k in range(0, len(sound), 1000)])


@pytest.mark.parametrize("pulse", [50, 72, 110])
@pytest.mark.parametrize("murmur", [0.0, 0.3])
def test_the_pulse_is_that_of_the_heart(pulse: float, murmur: float) -> None:
    frames, _ = push(phonocardiogram(intervals(20, pulse), 1000, murmur=murmur))
    assert abs(frames.pulse - pulse) < 0.05 * pulse


def test_noise_has_no_pulse_and_two_seconds_are_too_few() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 10000).astype(np.float32)
    assert np.isnan(push(noise)[0].pulse)
    assert np.isnan(push(phonocardiogram(intervals(20, 70), 1000)[:2000])[0].pulse)
    assert np.isnan(push(np.zeros(8000, np.float32))[0].pulse)


def test_loudness_does_not_matter() -> None:
    sound = phonocardiogram(intervals(8, 70), 1000, noise=0.02)
    np.testing.assert_allclose(push(sound)[1], push(sound * np.float32(0.05))[1], atol=0.05)


def test_patches_are_pieces_of_the_frames() -> None:
    frames = np.arange(40 * 24, dtype=np.float32).reshape(40, 24)
    found = patches(frames, 32, 4)
    assert found.shape == (3, 32, 24)
    np.testing.assert_array_equal(found[2], frames[8:40])
    assert patches(frames[:31], 32, 4).shape == (0, 32, 24)
