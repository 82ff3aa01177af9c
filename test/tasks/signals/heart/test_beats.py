"""Beats are found where they are, whatever the pieces in which the signal comes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.signals.heart import RATE, SIZE, BeatDetector, BeatTokens
from opendr_perception.training.signals.simulate import electrocardiogram, intervals


def found(signal: np.ndarray) -> np.ndarray:
    return np.array([beat.index for beat in BeatDetector().push(signal)]) / RATE


@pytest.mark.parametrize("pulse", [45, 70, 120, 170])
@pytest.mark.parametrize("sign", [1, -1])
def test_every_beat_is_found_at_its_time(pulse: float, sign: int) -> None:
    signal, beats = electrocardiogram(intervals(60, pulse), RATE, noise=0.02)
    times = found(sign * signal)
    wanted = beats[:-1]  # the last one is known when the next could have come
    nearest = np.array([times[np.argmin(np.abs(times - beat))] for beat in wanted])
    assert np.abs(nearest - wanted).max() < 0.05
    assert len(times) <= len(beats) + 1


def test_irregular_and_ventricular_beats_are_found_too() -> None:
    signal, beats = electrocardiogram(intervals(80, 90, 0.2), RATE, ventricular={10, 30, 31}, fibrillation=True)
    times = found(signal)
    missed = [beat for beat in beats[:-1] if np.abs(times - beat).min() > 0.08]
    assert len(missed) <= 1 and len(times) <= len(beats) + 2


def test_a_unit_and_an_offset_change_nothing() -> None:
    signal, _ = electrocardiogram(intervals(30, 70), RATE)
    np.testing.assert_array_equal(found(signal), found(1000 * signal))
    np.testing.assert_array_equal(found(signal), found(signal + 7))


def test_where_there_is_no_heart_there_are_no_beats() -> None:
    assert len(found(np.zeros(30 * RATE))) == 0


@given(cuts=st.lists(st.integers(1, 700), min_size=1, max_size=30), seed=st.integers(0, 5))
def test_beats_do_not_depend_on_how_the_signal_is_cut(cuts: list[int], seed: int) -> None:
    signal, _ = electrocardiogram(intervals(20, 80, 0.15, seed), RATE, noise=0.05, seed=seed)
    whole, pieces, place, detector = BeatDetector().push(signal), [], 0, BeatDetector()
    for size in itertools.cycle(cuts):
        if place >= len(signal):
            break
        pieces += detector.push(signal[place : place + size])
        place += size
    assert [beat.index for beat in pieces] == [beat.index for beat in whole]


def test_a_beat_is_described_by_its_wave_and_its_intervals() -> None:
    between = np.full(20, 0.8)
    between[12], between[13] = 0.5, 1.1  # one comes early, and after it there is a pause
    signal, beats = electrocardiogram(between, RATE, noise=0)
    tokens = BeatTokens().push(np.concatenate([signal, np.zeros(4 * RATE, np.float32)]))
    early = min(tokens, key=lambda token: abs(token.index / RATE - beats[12]))
    assert abs(early.interval - 0.5) < 0.02
    rhythm = early.features[-12:]
    assert abs(rhythm[0] - np.log(0.5 / 0.8)) < 0.05 and abs(rhythm[1] - np.log(1.1 / 0.8)) < 0.05
    assert early.features.shape == (SIZE,)
    usual = tokens[8].features
    assert np.isfinite([token.features for token in tokens]).all()
    np.testing.assert_allclose(usual[:120], usual[120:240], atol=0.1)  # all normal waves are alike


def test_memory_stays_small() -> None:
    signal, _ = electrocardiogram(intervals(60, 75), RATE)
    tokens = BeatTokens()
    for _ in range(30):
        tokens.push(signal)
    held = [tokens._wave, tokens._detector._steep, tokens._detector._energy]
    assert max(map(len, held)) < len(signal) + 20 * RATE
