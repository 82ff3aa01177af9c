"""Log-mel frames do not depend on how a stream is cut, and show a tone in its band."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.signals.log_mel import FLOOR, LogMel, MelConfig, log_mel, mel_filters


@given(sizes=st.lists(st.integers(1, 2000), min_size=1, max_size=20))
def test_chunks_give_the_frames_of_the_whole(sizes: list[int]) -> None:
    x = np.random.default_rng(1).normal(0, 0.1, sum(sizes)).astype(np.float32)
    stream, ends = LogMel(MelConfig()), np.cumsum(sizes)
    steps = np.concatenate([stream.push(x[end - size : end]) for end, size in zip(ends, sizes, strict=True)])
    clip = log_mel(x, MelConfig())
    assert steps.shape == clip.shape == (max((len(x) - 400) // 250 + 1, 0), 48)
    np.testing.assert_allclose(steps, clip, atol=2e-5)


@pytest.mark.parametrize("frequency", [120.0, 440.0, 1000.0, 3000.0, 7000.0])
def test_a_tone_is_loudest_in_its_band(frequency: float) -> None:
    config = MelConfig()
    frames = log_mel(np.sin(2 * np.pi * frequency * np.arange(16000) / 16000), config)
    nearest = mel_filters(config)[round(frequency / 8000 * 256)].argmax()
    assert np.abs(frames.argmax(1) - nearest).max() <= 1


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(4000), MelConfig()), np.log(FLOOR), rtol=1e-6)


def test_a_stream_that_begins_anew_forgets() -> None:
    stream = LogMel(MelConfig())
    stream.push(np.ones(399))
    stream.reset()
    assert not len(stream.push(np.ones(399)))
    assert len(stream.push(np.ones(1))) == 1


@pytest.mark.parametrize("wrong", [{"hop": 0}, {"hop": 500}, {"window": 600}, {"highest": 9000.0}, {"bands": 0}])
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"needed|do not fit"):
        MelConfig(**wrong)  # type: ignore[arg-type]
