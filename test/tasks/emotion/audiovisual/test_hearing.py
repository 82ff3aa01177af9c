"""The sound of the last seconds: what comes out does not depend on how it came in."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.emotion.audiovisual import HeardSound
from opendr_perception.tasks.sound import MFCC_RATE, MfccConfig, mfcc
from opendr_perception.tasks.sound.mfcc import HOP

START = 1_000_000_000_000
CONFIG = MfccConfig(coefficients=12)


def speechlike(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise whose loudness comes and goes."""
    rng = np.random.default_rng(seed)
    size = round(seconds * MFCC_RATE)
    loudness = np.interp(np.arange(size), np.arange(0, size + 4000, 4000), rng.uniform(0, 0.3, size // 4000 + 2))
    wave = rng.normal(size=size) * loudness
    return wave.astype(np.float32)


def push(heard: HeardSound, wave: np.ndarray, sizes: np.random.Generator | int, start: int = START) -> None:
    """Push in chunks of random or equal sizes."""
    place = 0
    while place < len(wave):
        size = sizes if isinstance(sizes, int) else int(sizes.integers(1, 9000))
        heard.push(wave[place : place + size], start + round(place / MFCC_RATE * 1e9))
        place += size


@pytest.mark.parametrize("seed", range(3))
def test_a_clip_of_a_stream_is_that_of_its_samples(seed: int) -> None:
    wave, heard = speechlike(14, seed), HeardSound(CONFIG)
    push(heard, wave, np.random.default_rng(seed))
    for end in (14.0, 13.3, 10.1):
        clip = heard.clip(START + round(end * 1e9))
        assert clip is not None
        start = (round(end * MFCC_RATE) - CONFIG.samples) // HOP * HOP
        known = wave[start : start + CONFIG.samples]
        assert np.abs(clip.coefficients - mfcc(known, CONFIG)).max() < 1e-3, "of numbers up to 1000"
        assert np.array_equal(clip.samples, known)
        assert clip.coverage == 1.0


def test_what_was_not_heard_is_silence_that_does_not_count() -> None:
    wave, heard = speechlike(2.0), HeardSound(CONFIG)
    push(heard, wave, 4410)
    young = heard.clip(START + 2 * 10**9)
    assert young is not None
    assert young.coverage == pytest.approx(2.0 / 3.6, abs=0.02)
    assert not young.samples[: round(1.5 * MFCC_RATE)].any()
    late = heard.clip(START + 4 * 10**9)
    assert late is not None
    assert late.coverage == pytest.approx(1.6 / 3.6, abs=0.02)
    assert heard.clip(START + 8 * 10**9) is None


def test_a_muted_microphone_gives_nothing() -> None:
    heard = HeardSound(CONFIG)
    push(heard, np.zeros(5 * MFCC_RATE, np.float32), 1000)
    assert heard.clip(START + 5 * 10**9) is None


def test_memory_does_not_grow() -> None:
    heard = HeardSound(CONFIG)
    wave = speechlike(3)
    samples, frames = [], []
    for turn in range(20):
        push(heard, wave, 8000, START + turn * 3 * 10**9)
        samples.append(heard.kept)
        frames.append(heard.kept_frames)
    assert max(samples) <= 10 * MFCC_RATE
    assert 8 * MFCC_RATE // HOP - 4 <= max(frames) <= 10 * MFCC_RATE // HOP, "and those of the kept samples are kept"
