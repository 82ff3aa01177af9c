"""Measures against what is known about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from opendr_perception.evaluate.measures import (
    auroc,
    average_precision,
    by_subject,
    calibration_error,
    over_seeds,
    roc,
)
from opendr_perception.evaluate.plots import draw
from opendr_perception.evaluate.report import Report


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 5, 40), rng.random(40) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert auroc(scores, positive) == pytest.approx(np.mean(pairs))
    assert auroc([1, 2, 3], [False, False, True]) == 1.0
    with pytest.raises(ValueError, match="positives and negatives"):
        auroc([1, 2], [True, True])


def test_average_precision_is_the_area_by_steps_and_takes_equal_scores_together() -> None:
    assert average_precision([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision([3, 2, 1], [True, True, False]) == 1.0
    for positive in ([True, False, False, True], [False, True, True, False]):  # whatever the order of equal scores
        assert average_precision([0.5] * 4, positive) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="needs a positive"):
        average_precision([1, 2], [False, False])


def test_calibration_error_is_zero_for_scores_that_mean_what_they_say() -> None:
    sure = np.repeat([0.25, 0.75], 1000)
    hits = np.r_[np.arange(1000) % 4 == 0, np.arange(1000) % 4 != 0]
    assert calibration_error(sure, hits) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(np.full(100, 0.9), np.zeros(100)) == pytest.approx(0.9)


def test_the_interval_is_wide_where_people_differ_and_narrow_where_they_do_not() -> None:
    subjects = np.repeat([f"{k}" for k in range(8)], 50)
    alike = np.tile(np.arange(50) % 2, 8)
    mean, (low, high) = by_subject(alike, subjects)
    assert (mean, low, high) == (0.5, 0.5, 0.5)
    split = np.repeat([0, 1], 200)
    mean, (low, high) = by_subject(split, subjects)
    assert mean == 0.5
    assert low < 0.25 and high > 0.75
    assert np.isnan(by_subject(np.array([]), np.array([], "<U1"))[0])


def test_the_roc_curve_has_the_area_of_its_pairs() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 5, 200), rng.random(200) < 0.4
    false, true = roc(scores, positive)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(true, false) == pytest.approx(auroc(scores, positive))
    assert len(false) == 6, "equal scores are one step"


def test_a_report_draws_what_is_taken_for_what_and_how_well_one_thing_is_told(tmp_path: Path) -> None:
    report = Report("one")
    report.confused(["cat", "dog", "cat"], np.array([0, 1, 1]), ["cat", "dog"])
    assert report.confusion == {"cat": {"cat": 0.5, "dog": 0.5}, "dog": {"cat": 0.0, "dog": 1.0}}
    report.chances["cat"] = np.array([0.9, 0.2, 0.4]), np.array([True, False, True])
    draw(report, tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 5000


def test_an_interval_over_seeds_is_that_of_students_t() -> None:
    values = [0.1, 0.4, 0.35, 0.2]
    mean, reach = over_seeds(values)
    interval = scipy.stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean - reach, mean + reach) == pytest.approx((interval.low, interval.high))
    assert over_seeds(values, 0.01)[1] > reach
