"""Heatmaps: regions, and smoothing over time."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.imaging.heatmap import Heatmap, regions, smooth


def heatmap(*spots: tuple[int, int, float], shape: tuple[int, int] = (6, 8)) -> Heatmap:
    values = np.zeros(shape, np.float32)
    for row, column, value in spots:
        values[row, column] = value
    return Heatmap(values, 4, 2)


def test_regions_are_boxes_around_connected_cells_in_pixels() -> None:
    found = regions(heatmap((1, 2, 0.8), (2, 3, 0.9), (2, 2, 0.1), (5, 7, 0.5)), threshold=0.5)
    np.testing.assert_array_equal(found.boxes, [[8, 4, 16, 12], [28, 20, 32, 24]])
    np.testing.assert_array_equal(found.scores, np.float32([0.9, 0.5]))
    alone = regions(heatmap((1, 2, 0.8), (2, 3, 0.9), (5, 7, 0.5)), threshold=0.5, smallest=2)
    np.testing.assert_array_equal(alone.boxes, [[8, 4, 16, 12]])
    assert len(regions(heatmap(), threshold=0.5)) == 0


def test_smoothing_mixes_with_the_past() -> None:
    first, second = heatmap((1, 1, 1.0)), heatmap((2, 2, 1.0))
    state = smooth(first, None, keep=0.75)
    np.testing.assert_array_equal(state.values, first.values)
    after = smooth(second, state, keep=0.75)
    assert (after.values[1, 1], after.values[2, 2]) == (0.75, 0.25)
    assert state.values[1, 1] == 1, "a state is a value: it does not change"
    np.testing.assert_array_equal(smooth(second, state, keep=0).values, second.values)
    larger = heatmap((2, 2, 1.0), shape=(9, 9))
    np.testing.assert_array_equal(smooth(larger, state, keep=0.75).values, larger.values)
