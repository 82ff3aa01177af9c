"""Unusable signal is told, and its share."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.signals.heart.quality import SignalQuality, Usable, judge, without_holes
from opendr_perception.tasks.signals.resample import resample
from opendr_perception.training.signals.simulate import electrocardiogram, intervals

RATE = 125
WAVES = np.sin(2 * np.pi * 3 * np.arange(RATE) / RATE).astype(np.float32)
GOOD = electrocardiogram(intervals(4, 70), RATE)[0][:RATE]


def test_a_good_second_is_good() -> None:
    assert judge(GOOD, RATE) == Usable(1.0)


@pytest.mark.parametrize(
    ("block", "share", "problem"),
    [
        (np.full(RATE, np.nan, "f4"), 0.0, "no value"),
        (np.zeros(RATE, "f4"), 0.0, "flat"),
        (np.where(np.arange(RATE) < 50, np.nan, GOOD).astype("f4"), 0.6, "no value"),
        (np.clip(WAVES, -0.4, 0.4).astype("f4"), 0.7, "clipped"),
        (resample(np.clip(WAVES.repeat(2), -0.4, 0.4), 250, 125)[:RATE], 0.7, "clipped"),
    ],
    ids=["lead off", "flat", "half off", "clipped", "clipped and resampled"],
)
def test_what_is_wrong_is_said(block: np.ndarray, share: float, problem: str) -> None:
    found = judge(block, RATE)
    assert found.share <= share and problem in found.problem


def test_holes_hold_the_value_before_them() -> None:
    block = np.array([np.nan, 1, np.nan, np.nan, 2], np.float32)
    np.testing.assert_array_equal(without_holes(block, 7.0), [7, 1, 1, 1, 2])


def test_quality_falls_at_once_and_comes_back_slowly() -> None:
    quality = SignalQuality()
    assert quality.value == 0
    for _ in range(10):
        quality.note(Usable(1.0))
    assert quality.value == 1
    quality.note(Usable(0.0, "gone"))
    assert (quality.value, quality.problem) == (0, "gone")
    quality.note(Usable(1.0))
    assert quality.value == pytest.approx(0.9) and quality.problem == ""
