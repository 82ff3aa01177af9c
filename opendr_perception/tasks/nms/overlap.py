"""Non-maximum suppression: of several boxes around one object, keep one."""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.shapes import Box, Boxes, Chosen, Mask, OtherBoxes, Overlaps, OwnOverlaps, Scores


def iou(box: Box, boxes: Boxes) -> Scores:
    """Intersection over union of one box (4,) with each of (n, 4); 0 where both are empty."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    intersection = np.maximum(width, 0) * np.maximum(height, 0)
    union = area(boxes) + area(box[None]) - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


def pairwise_iou(boxes: Boxes, others: OtherBoxes) -> Overlaps:
    """Intersection over union (n, m) of boxes (n, 4) with others (m, 4); 0 where both are empty."""
    sides = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - np.maximum(boxes[:, None, :2], others[None, :, :2])
    intersection = np.maximum(sides, 0).prod(axis=2)
    union = area(boxes)[:, None] + area(others)[None] - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


def area(boxes: np.ndarray) -> np.ndarray:
    """Areas (n,) of boxes (n, 4)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def greedy_mask(overlaps: OwnOverlaps, threshold: float) -> Mask:
    """Mask of the boxes that greedy suppression keeps, for all boxes at once [Zheng 2021, Cluster-NMS].

    Args:
        overlaps: (n, n) of boxes that are sorted, best first; only those with worse boxes, above the diagonal, count.
        threshold: a box that overlaps a better one, that stays, by more than this goes.

    Returns:
        (n,) bool.
    """
    above = np.triu(overlaps > threshold, 1)
    kept = np.ones(len(overlaps), bool)
    for _ in range(len(overlaps)):
        now = ~above[kept].any(axis=0)
        if (now == kept).all():
            break
        kept = now
    return kept


def greedy_nms(boxes: Boxes, scores: Scores, iou_threshold: float, limit: int | None = None) -> Chosen:
    """Keep the best box, drop those that overlap it by more than the threshold, and go on with the rest.

    Args:
        boxes: (n, 4) x_min, y_min, x_max, y_max.
        scores: (n,).
        iou_threshold: in [0, 1].
        limit: end when so many have been kept.

    Returns:
        Indices of the boxes that stay, best first.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while len(order) and len(kept) != limit:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[best], boxes[order]) <= iou_threshold]
    return np.array(kept, dtype=np.intp)
