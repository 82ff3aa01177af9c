"""Scores of keypoints as shares of those that are right."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks import body
from opendr_perception.tasks.body.calibration import ScoreCurves, curves_of
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging.image import Image

NETWORKS = ("movenet-lightning", "movenet-thunder")


def test_a_curve_is_a_line_of_logits() -> None:
    curves = ScoreCurves(np.array([[1.0, 0.0], [2.0, 0.0], [1.0, np.log(3.0)]]))
    scores = np.array([[0.5, 0.8, 0.5], [0.3, 0.5, 0.25]], np.float32)
    np.testing.assert_allclose(curves(scores), [[0.5, 16 / 17, 0.75], [0.3, 0.5, 0.5]], atol=1e-6)
    assert curves(scores).dtype == np.float32


def test_what_was_not_seen_stays_so_and_scores_stay_in_their_range() -> None:
    curves = ScoreCurves(np.array([[0.1, 6.0]]))
    np.testing.assert_array_equal(curves(np.zeros((2, 1))), 0)
    found = curves(np.array([[1e-9], [1.0]]))
    assert (found > 0).all() and (found <= 1).all() and np.isfinite(found).all()


@pytest.mark.parametrize("curves", [np.ones(17), np.ones((17, 3)), np.array([[-1.0, 0.0]]), np.array([[np.nan, 0.0]])])
def test_what_is_no_curve_is_refused(curves: np.ndarray) -> None:
    with pytest.raises(ValueError, match="positive slopes"):
        ScoreCurves(curves)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_networks_of_the_package_have_curves_that_keep_the_order(network: str) -> None:
    curves = curves_of(network)
    assert curves is not None and curves.curves.shape == (len(COCO17), 2)
    scores = np.linspace(0.01, 0.99, 50)[:, None].repeat(len(COCO17), 1)
    assert (np.diff(curves(scores), axis=0) > 0).all()
    assert curves_of("mine") is None


def test_a_perceiver_gives_both_kinds_of_scores(astronaut: np.ndarray, models: object) -> None:
    seen = Image(astronaut, "bgr8")
    [own, calibrated] = (
        body.build(body.Settings(calibrated_scores=wanted, threads=1, tracking=False))(seen) for wanted in (False, True)
    )
    np.testing.assert_array_equal(own.keypoints[..., :2], calibrated.keypoints[..., :2])
    curves = curves_of("movenet-lightning")
    assert curves is not None and len(own)
    np.testing.assert_allclose(calibrated.keypoints[..., 2], curves(own.keypoints[..., 2]), atol=1e-6)
    below = [COCO17.index(name) for name in ("left_knee", "right_knee", "left_ankle", "right_ankle")]
    assert calibrated.keypoints[0, below, 2].max() < 0.3, "her legs are not in the image"
