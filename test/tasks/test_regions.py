"""Boxes around people become disjoint parts of a picture."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.regions import areas, merge_overlapping, surround

SIZE = (100, 80)


def test_boxes_get_a_margin_and_stay_in_the_picture() -> None:
    boxes = np.array([[20, 30, 40, 70], [90, 70, 100, 80]], float)
    np.testing.assert_array_equal(surround(boxes, 0.25, 1, SIZE), [[15, 20, 45, 80], [87, 67, 100, 80]])


def test_small_boxes_grow_and_those_outside_are_left_out() -> None:
    boxes = np.array([[50, 40, 52, 41], [120, 10, 140, 20]], float)
    np.testing.assert_array_equal(surround(boxes, 0.3, 20, SIZE), [[41, 30, 61, 51]])
    assert surround(boxes[:0], 0.3, 20, SIZE).shape == (0, 4)


def test_overlapping_boxes_become_one_also_in_a_chain() -> None:
    chain = np.array([[0, 0, 10, 10], [18, 0, 30, 10], [9, 5, 20, 15], [50, 50, 60, 60], [60, 50, 70, 60]], float)
    merged = merge_overlapping(chain)
    assert sorted(merged.tolist()) == [[0, 0, 30, 15], [50, 50, 60, 60], [60, 50, 70, 60]], (
        "touching is not overlapping"
    )
    assert merge_overlapping(chain[:0]).shape == (0, 4)
    np.testing.assert_array_equal(areas(merge_overlapping(chain[3:])), [100, 100])
