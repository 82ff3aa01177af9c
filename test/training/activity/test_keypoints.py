"""Curves of keypoints' scores are found where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.body.calibration import ScoreCurves
from opendr_perception.training.activity.keypoints import ScoredKeypoints, fit, near_half


def test_a_curve_that_is_known_is_found() -> None:
    rng = np.random.default_rng(0)
    true = ScoreCurves(np.array([[0.6, -0.5], [1.8, 0.7]]))
    scores = rng.uniform(0.02, 0.98, (4000, 2))
    right = rng.random(scores.shape) < true(scores)
    found = fit(ScoredKeypoints(scores, right))
    np.testing.assert_allclose(found, true.curves, atol=0.15)
    share, number = near_half(ScoreCurves(found)(scores), right)
    assert share == pytest.approx(0.5, abs=0.05) and number > 500


def test_a_joint_that_is_never_right_gets_low_scores() -> None:
    scores = np.random.default_rng(1).uniform(0.1, 0.9, (300, 1))
    found = fit(ScoredKeypoints(scores, np.zeros((300, 1), bool)))
    assert ScoreCurves(found)(scores).max() < 0.1
