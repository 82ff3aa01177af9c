"""The table of bodies, and people made from it."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.training.body.measures import COLUMNS, choose, load_bodies, measure
from opendr_perception.training.body.motion import Body, Motion

UPRIGHT = np.zeros((1, 16, 4))
UPRIGHT[..., 0] = 1.0


def keypoints(body: Body) -> np.ndarray:
    """Keypoints (17, 3) of somebody who stands."""
    return body.keypoints(Motion(UPRIGHT, np.zeros((1, 2)), np.zeros(1), np.zeros(1, int), np.zeros(1)))[0]


def test_bodies_are_those_of_people() -> None:
    table = dict(zip(COLUMNS, load_bodies().T, strict=True))
    assert len(table["height"]) > 50
    assert (table["height"] > 1.0).all() and (table["height"] < 2.4).all()
    assert (table["thigh"] + table["shin"] < table["height"]).all()
    assert (table["eye_up"] > table["nose_up"]).all()


def test_evaluation_and_training_share_no_body() -> None:
    rng = np.random.default_rng(0)
    chosen = {held_out: {tuple(choose(rng, held_out).values()) for _ in range(500)} for held_out in (False, True)}
    assert chosen[False] and chosen[True]
    assert not chosen[False] & chosen[True]


def test_a_body_has_the_measures_that_it_was_made_from() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        seed = int(rng.integers(1 << 30))
        measured = choose(np.random.default_rng(seed), held_out=True)
        points = keypoints(Body.random(np.random.default_rng(seed), held_out=True))
        shoulders, hips = points[5:7].mean(0), points[11:13].mean(0)
        assert np.linalg.norm(points[11] - points[13]) == pytest.approx(measured["thigh"], rel=0.15)
        assert np.linalg.norm(points[7] - points[9]) == pytest.approx(measured["forearm"], rel=0.15)
        assert shoulders[1] - hips[1] == pytest.approx(measured["trunk"], rel=0.15)
        nose = [measured["nose_forward"], measured["nose_up"], 0.0]
        np.testing.assert_allclose(points[0] - shoulders, nose, atol=0.03)
        assert points[1, 2] < 0 < points[2, 2]  # the left eye is on the left


def test_measures_are_taken_in_the_axes_of_a_person() -> None:
    names = ("left_shoulder", "left_elbow", "left_wrist", "left_hip", "left_knee", "left_ankle", "left_eye", "left_ear")
    rest = np.array(
        [(0.2, 0, 1.4), (0.2, 0, 1.1), (0.2, 0, 0.9), (0.1, 0, 0.9), (0.1, 0, 0.5), (0.1, 0, 0.1), (0.03, -0.1, 1.6),
         (0.08, 0, 1.55)]
    )  # fmt: skip
    points = dict(zip(names, rest, strict=True))
    points |= {name.replace("left", "right"): place * [-1, 1, 1] for name, place in points.items()}
    points["nose"] = np.array([0, -0.12, 1.57])
    measures = measure(points, 1.7)
    assert measures["thigh"] == pytest.approx(0.4)
    assert measures["upper_arm"] == pytest.approx(0.3)
    assert measures["half_hips"] == pytest.approx(0.1)
    assert measures["trunk"] == pytest.approx(0.5)
    assert measures["nose_forward"] == pytest.approx(0.12)
    assert measures["eye_up"] == pytest.approx(0.2)
