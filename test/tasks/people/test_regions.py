"""Boxes around people become parts of an image."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.people.regions import areas, distances, merge, surround

SIZE = (100, 80)


def test_boxes_get_a_margin_and_stay_in_the_image() -> None:
    boxes = np.array([[20, 30, 40, 70], [90, 70, 100, 80]], float)
    np.testing.assert_array_equal(surround(boxes, 0.25, 1, SIZE), [[15, 20, 45, 80], [87, 67, 100, 80]])


def test_small_boxes_grow_and_those_outside_become_empty() -> None:
    boxes = np.array([[50, 40, 52, 41], [120, 10, 140, 20]], float)
    surrounded = surround(boxes, 0.3, 20, SIZE)
    np.testing.assert_array_equal(surrounded[0], [41, 30, 61, 51])
    np.testing.assert_array_equal(areas(surrounded) > 0, [True, False])
    assert surround(boxes[:0], 0.3, 20, SIZE).shape == (0, 4)


def test_boxes_become_one_where_that_is_less_to_look_at_also_in_a_chain() -> None:
    chain = np.array([[0, 0, 10, 10], [18, 0, 30, 10], [9, 0, 20, 10], [50, 50, 60, 60], [65, 65, 75, 75]], float)
    merged = merge(chain, 0.0, 1, SIZE)
    assert sorted(merged.tolist()) == [[0, 0, 30, 10], [50, 50, 60, 60], [65, 65, 75, 75]]
    assert merge(chain[:0], 0.3, 1, SIZE).shape == (0, 4)


def test_a_small_box_beside_a_large_one_stays_by_itself() -> None:
    boxes = np.array([[10, 10, 30, 70], [33, 10, 36, 16]], float)
    surrounded = surround(boxes, 0.3, 1, SIZE)
    assert surrounded[0, 2] > surrounded[1, 0], "with their margins they overlap"
    assert len(merge(boxes, 0.3, 1, SIZE)) == 2


def test_distances_are_zero_inside_of_a_box() -> None:
    points = np.array([[5, 5], [13, 14], [10, 0]], float)
    np.testing.assert_allclose(distances(points, np.array([[0, 0, 10, 10]], float)), [[0], [5], [0]])
