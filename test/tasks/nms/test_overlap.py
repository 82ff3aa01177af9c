"""Non-maximum suppression."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.nms.overlap import area, greedy_nms, iou


def test_overlap_is_intersection_over_union() -> None:
    box = np.array([0.0, 0.0, 2.0, 2.0])
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [5, 5, 6, 6], [0.5, 0.5, 1.5, 1.5]], float)
    np.testing.assert_allclose(iou(box, others), [1, 2 / 6, 0, 0, 1 / 4])
    np.testing.assert_allclose(area(others), [4, 4, 4, 1, 1])


def test_empty_boxes_overlap_nothing() -> None:
    point = np.zeros(4)
    np.testing.assert_array_equal(iou(point, np.array([[0, 0, 0, 0], [0, 0, 1, 1]], float)), [0, 0])


def test_the_best_box_of_each_person_stays_best_first() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 0, 60, 10], [1, 0, 11, 10], [51, 0, 61, 10]], float)
    kept = greedy_nms(boxes, np.array([0.6, 0.7, 0.9, 0.5]), iou_threshold=0.5)
    assert kept.tolist() == [2, 1]


def test_a_box_that_was_dropped_drops_no_other() -> None:
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], float)
    assert greedy_nms(chain, np.array([0.9, 0.8, 0.7]), iou_threshold=0.3).tolist() == [0, 2]


@pytest.mark.parametrize(("threshold", "kept"), [(0.0, [0]), (1 / 3, [0, 1]), (1.0, [0, 1])])
def test_only_more_overlap_than_the_threshold_drops(threshold: float, kept: list[int]) -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2]], float)
    assert greedy_nms(boxes, np.array([0.9, 0.8]), threshold).tolist() == kept


def test_equal_scores_keep_their_order_and_nothing_gives_nothing() -> None:
    apart = np.array([[0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1]], float)
    assert greedy_nms(apart, np.full(3, 0.5), 0.5).tolist() == [0, 1, 2]
    nothing = greedy_nms(np.empty((0, 4)), np.empty(0), 0.5)
    assert (nothing.shape, nothing.dtype.kind) == ((0,), "i")


def test_no_two_kept_boxes_overlap_too_much_and_every_dropped_one_overlaps_a_better_one() -> None:
    random = np.random.default_rng(3)
    corners = random.uniform(0, 100, (200, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 40, (200, 2))])
    scores = random.uniform(size=200)
    kept = greedy_nms(boxes, scores, 0.4)
    for place, index in enumerate(kept):
        assert (iou(boxes[index], boxes[kept[place + 1 :]]) <= 0.4).all()
    for index in set(range(200)) - set(kept.tolist()):
        better = kept[scores[kept] >= scores[index]]
        assert iou(boxes[index], boxes[better]).max() > 0.4
