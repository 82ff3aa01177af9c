"""Average precision of scored boxes, as COCO defines it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opendr_perception.tasks.nms import pairwise_iou

THRESHOLDS = np.arange(0.5, 0.96, 0.05)
RECALLS = np.linspace(0, 1, 101)

Scored = tuple[np.ndarray, np.ndarray]
"""Boxes (n, 4) and scores (n,) of one image."""


def average_precision(
    found: Sequence[Scored], true: Sequence[np.ndarray], thresholds: Sequence[float] | np.ndarray = THRESHOLDS
) -> np.ndarray:
    """Mean precision over 101 recalls, at each threshold of intersection over union; nothing is cut off by rank.

    Args:
        found: of each image.
        true: boxes (g, 4) of each image.
        thresholds: of intersection over union.

    Returns:
        (thresholds,) in [0, 1].
    """
    scores = np.concatenate([scores for _, scores in found])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([_hits(*pair, people, thresholds) for pair, people in zip(found, true, strict=True)], axis=1)
    hits = hits[:, order].cumsum(axis=1)
    recalls = hits / max(1, sum(map(len, true)))
    precisions = hits / np.arange(1, len(scores) + 1)
    best = np.maximum.accumulate(precisions[:, ::-1], axis=1)[:, ::-1]
    return np.array([
        np.append(row, 0)[np.searchsorted(recall, RECALLS)].mean() for row, recall in zip(best, recalls, strict=True)
    ])  # fmt: skip


def _hits(
    boxes: np.ndarray, scores: np.ndarray, people: np.ndarray, thresholds: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Hits (thresholds, n): boxes that, best first, match a person whom no better box has matched."""
    hits = np.zeros((len(thresholds), len(boxes)), bool)
    overlaps = pairwise_iou(boxes, people)
    for row, threshold in zip(hits, thresholds, strict=True):
        left = overlaps.copy()
        for place in np.argsort(-scores, kind="stable"):
            if left.shape[1] and left[place].max() >= threshold:
                row[place] = True
                left[:, left[place].argmax()] = -1
    return hits
