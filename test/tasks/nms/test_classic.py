"""Suppression by formulas: against each other, against their definitions, and on what is no box."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.nms.candidates import Candidates, Detections, Suppressor
from opendr_perception.tasks.nms.classic import ClusterNms, Greedy, SoftNms
from opendr_perception.tasks.nms.overlap import iou

METHODS = {
    "greedy": Greedy(0.5),
    "soft linear": SoftNms(0.45),
    "soft gaussian": SoftNms(sigma=0.3),
    "cluster": ClusterNms(0.5),
    "cluster S": ClusterNms(0.5, sigma=0.3),
    "cluster D": ClusterNms(0.5, distance=True),
    "cluster S+D+W": ClusterNms(0.5, sigma=0.3, distance=True, weighted=True),
}


def proposals(boxes: list[list[float]] | np.ndarray, scores: list[float] | np.ndarray) -> Candidates:
    found = Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))
    return Candidates(found, (1280, 720))


def random_proposals(seed: int, count: int = 80) -> Candidates:
    rng = np.random.default_rng(seed)
    low, side = rng.uniform(0, 200, (count, 2)), rng.uniform(20, 120, (count, 2))
    return proposals(np.concatenate([low, low + side], axis=1), rng.permutation(count) / count)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.8])
def test_cluster_nms_is_greedy_at_once(seed: int, threshold: float) -> None:
    candidates = random_proposals(seed)
    greedy, cluster = Greedy(threshold)(candidates), ClusterNms(threshold)(candidates)
    np.testing.assert_array_equal(cluster.boxes, greedy.boxes)
    np.testing.assert_array_equal(cluster.scores, greedy.scores)


def test_soft_nms_sorts_anew_after_every_step() -> None:
    # The second is lowered by the first and falls behind the third, which it then does not lower.
    boxes = [[0, 0, 10, 10], [0, 0, 10, 9], [0, 7, 10, 13]]
    found = SoftNms(0.1)(proposals(boxes, [0.9, 0.8, 0.7]))
    third = 0.7 * (1 - 3 / 13)
    second = 0.8 * (1 - 0.9) * (1 - 2 / 13)
    np.testing.assert_allclose(found.scores, [0.9, third, second], rtol=1e-5)
    np.testing.assert_array_equal(found.boxes, np.array(boxes, np.float32)[[0, 2, 1]])


def test_gaussian_decay_reaches_every_box_that_overlaps() -> None:
    boxes = [[0, 0, 10, 10], [5, 0, 15, 10], [50, 0, 60, 10]]
    found = SoftNms(sigma=0.5)(proposals(boxes, [0.9, 0.8, 0.7]))
    np.testing.assert_allclose(found.scores, [0.9, 0.7, 0.8 * np.exp(-((1 / 3) ** 2) / 0.5)], rtol=1e-5)


def test_distance_tells_two_people_from_two_boxes_of_one() -> None:
    beside, within = [6.0, 0.0, 22.0, 40.0], [1.0, 2.0, 15.0, 38.0]
    first = [0.0, 0.0, 16.0, 40.0]
    overlap = float(iou(np.array(first), np.array([beside]))[0])
    threshold = overlap - 0.01
    assert len(ClusterNms(threshold)(proposals([first, beside], [0.9, 0.8]))) == 1
    assert len(ClusterNms(threshold, distance=True)(proposals([first, beside], [0.9, 0.8]))) == 2
    assert len(ClusterNms(threshold, distance=True)(proposals([first, within], [0.9, 0.8]))) == 1


def test_penalties_follow_their_formulas() -> None:
    boxes, overlap = [[0, 0, 10, 10], [5, 0, 15, 10]], 1 / 3
    plain = ClusterNms(0.5, sigma=0.3)(proposals(boxes, [0.9, 0.8]))
    np.testing.assert_allclose(plain.scores[1], 0.8 * np.exp(-(overlap**2) / 0.3), rtol=1e-5)
    with_distance = ClusterNms(0.5, sigma=0.3, distance=True)(proposals(boxes, [0.9, 0.8]))
    bonus = (25 / (15**2 + 10**2)) ** 0.6
    np.testing.assert_allclose(with_distance.scores[1], 0.8 * (np.exp(-(overlap**2) / 0.3) + bonus), rtol=1e-5)


def test_a_weighted_box_is_the_mean_of_its_cluster() -> None:
    boxes = [[0, 0, 10, 10], [0, 0, 10, 8], [100, 0, 110, 10]]
    found = ClusterNms(0.5, weighted=True)(proposals(boxes, [0.9, 0.5, 0.4]))
    bottom = (0.9 * 10 + 0.5 * 0.8 * 8) / (0.9 + 0.5 * 0.8)
    np.testing.assert_allclose(found.boxes, [[0, 0, 10, bottom], [100, 0, 110, 10]], rtol=1e-5)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_is_no_box_is_left_out(method: Suppressor) -> None:
    assert len(method(proposals([], []))) == 0
    nan, inf = np.nan, np.inf
    wrong = [[nan, 0, 10, 10], [0, 0, inf, 10], [10, 10, 0, 0], [5, 5, 5, 9], [20, 20, 40, 60], [0, 0, 9, 9]]
    found = method(proposals(wrong, [0.9, 0.8, 0.7, 0.95, 0.6, nan]))
    np.testing.assert_allclose(found.boxes, [[20, 20, 40, 60]])
    np.testing.assert_allclose(found.scores, [0.6])


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_five_thousand_boxes_are_served_best_first(method: Suppressor) -> None:
    found = method(random_proposals(0, 5000))
    assert 0 < len(found) <= 5000
    assert (np.diff(found.scores) <= 0).all()
    assert found.boxes.dtype == found.scores.dtype == np.float32
