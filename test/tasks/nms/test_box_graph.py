"""Candidates of a learned suppression, their links, and the features of each pair."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.nms.box_graph import build_graph, candidates

SIZE = (1280, 720)


def test_features_of_a_pair_by_hand() -> None:
    boxes = np.array([[100, 100, 200, 300], [150, 150, 230, 310]], float)
    scores = np.array([0.9, 0.6])
    graph = build_graph(boxes, scores, SIZE)
    np.testing.assert_array_equal(np.column_stack([graph.rows, graph.columns]), [[0, 0], [0, 1], [1, 0], [1, 1]])
    overlap = 50 * 150 / (100 * 200 + 80 * 160 - 50 * 150)
    u, v = 64, 36
    dx, dy = 190 - 150, 230 - 200
    expected = [
        dx / u, dy / v, (dx**2 + dy**2) / (u**2 + v**2), 80 / 100, 80 / u, 160 / 200, 160 / v, 5 * overlap,
        80 * 160 / (100 * 200), 80 * 160 / (u * v), 5 * 0.6, 5 * (0.6 - 0.9), 160 / 80, (160 / 80) / (200 / 100),
    ]  # fmt: skip
    np.testing.assert_allclose(graph.keys[1], expected, rtol=1e-5)
    np.testing.assert_allclose(graph.queries[0], graph.keys[0], rtol=1e-6)
    np.testing.assert_allclose(graph.queries[0][[0, 1, 2, 11]], 0)
    np.testing.assert_allclose(graph.queries[0][[3, 5, 8, 13]], 1)


def test_a_weaker_neighbour_counts_less_and_a_distant_box_not_at_all() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [100, 0, 110, 10]], float)
    graph = build_graph(boxes, np.array([0.9, 0.8, 0.7]), SIZE)
    pairs = {(int(r), int(c)): float(w) for r, c, w in zip(graph.rows, graph.columns, graph.weights, strict=True)}
    assert set(pairs) == {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)}
    assert (pairs[1, 0], pairs[1, 1]) == (1, 1)
    np.testing.assert_allclose(pairs[0, 1], 0.1)


def test_candidates_are_sorted_and_without_doubles_weak_and_wrong_ones() -> None:
    boxes = np.array([
        [0, 0, 100, 100], [0, 0, 100, 99], [200, 0, 300, 100], [0, 0, 4, 100], [50, 0, 40, 90], [np.nan, 0, 9, 9],
        [400, 0, 500, 100],
    ])  # fmt: skip
    scores = np.array([0.5, 0.6, 0.9, 0.9, 0.9, 0.9, 0.04])
    assert candidates(boxes, scores).tolist() == [2, 1]
    assert candidates(boxes, scores, limit=1).tolist() == [2]
    assert candidates(np.empty((0, 4)), np.empty(0)).tolist() == []


def test_a_graph_of_one_and_of_none() -> None:
    one = build_graph(np.array([[0, 0, 10, 20.0]]), np.array([0.5]), SIZE)
    assert (one.rows.tolist(), one.columns.tolist(), one.weights.tolist()) == ([0], [0], [1])
    none = build_graph(np.empty((0, 4)), np.empty(0), SIZE)
    assert (none.queries.shape, none.keys.shape, none.rows.dtype) == ((0, 14), (0, 14), np.int64)
