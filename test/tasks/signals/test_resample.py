"""Resampling a stream chunk by chunk gives what resampling all of it at once gives, and that is the same sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.signals.resample import Resampler, resample

RATES = [(48000, 16000), (44100, 16000), (8000, 16000), (22050, 16000), (250, 300), (360, 300), (16000, 16000)]


@given(rates=st.sampled_from(RATES), sizes=st.lists(st.integers(1, 700), min_size=1, max_size=30))
def test_chunks_give_what_the_whole_gives(rates: tuple[int, int], sizes: list[int]) -> None:
    x = np.random.default_rng(0).normal(size=(sum(sizes), 2)).astype(np.float32)
    resampler = Resampler(*rates, channels=2)
    ends = np.cumsum(sizes)
    steps = np.concatenate([resampler.push(x[end - size : end]) for end, size in zip(ends, sizes, strict=True)])
    clip = resample(x, *rates)
    assert np.array_equal(steps, clip[: len(steps)])
    assert len(clip) - len(steps) <= resampler.delay * rates[1] / rates[0] + 2


@pytest.mark.parametrize("rates", RATES)
def test_a_tone_stays_the_tone_at_its_time(rates: tuple[int, int]) -> None:
    source, target = rates
    frequency = min(rates) / 8
    x = np.sin(2 * np.pi * frequency * np.arange(source) / source)
    y = resample(x, source, target)
    assert len(y) == target
    inner = slice(target // 10, -target // 10)
    assert np.abs(y - np.sin(2 * np.pi * frequency * np.arange(target) / target))[inner].max() < 1e-3


def test_what_the_new_rate_cannot_hold_is_taken_out() -> None:
    x = np.sin(2 * np.pi * 11000 * np.arange(48000) / 48000)
    assert np.abs(resample(x, 48000, 16000))[1000:-1000].max() < 1e-3


def test_memory_does_not_grow() -> None:
    resampler = Resampler(44100, 16000)
    for _ in range(2000):
        resampler.push(np.zeros((441, 1), np.float32))
    assert sum(array.nbytes for array in vars(resampler).values() if isinstance(array, np.ndarray)) < 100_000


@pytest.mark.parametrize("rates", [(0, 16000), (16000, -1), (np.nan, 16000), (16000, np.inf), (1e9, 1)])
def test_rates_that_are_none_are_refused(rates: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="cannot resample"):
        Resampler(*rates)
