"""Input of a learned non-maximum suppression: candidate boxes, best first, and the pairs of them that overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.nms.overlap import area, greedy_mask, greedy_nms, pairwise_iou
from opendr_perception.tasks.shapes import Boxes, Chosen, Ends, FeaturesOfPairs, PairFeatures, Scores, Weights

MIN_SCORE = 0.05
MIN_SIDE = 4.0
SAME = 0.8
"""Of two boxes that overlap more than this only the better one is a candidate."""
NEIGHBOUR = 0.2
"""Boxes that overlap this much see each other."""
WEAKER = 0.1
"""Factor of the attention's logit for a neighbour with a lower score."""
MAX_CANDIDATES = 400
AT_ONCE = 1000
"""Boxes of which all pairs are compared at once; more are thinned one by one, which takes less memory."""


@dataclass(frozen=True)
class BoxGraph:
    """Boxes and the pairs of them that overlap.

    Args:
        queries: (N, 14) float32, geometric features of each box with itself.
        keys: (E, 14) float32, of the pairs: what the box of the column is to the box of the row.
        rows, columns: (E,) int64, the boxes of each pair, row by row; each box is also a pair with itself.
        weights: (E,) float32, factors of the attention's logits.
    """

    queries: PairFeatures
    keys: FeaturesOfPairs
    rows: Ends
    columns: Ends
    weights: Weights


def candidates(boxes: Boxes, scores: Scores, limit: int = MAX_CANDIDATES) -> Chosen:
    """Choose the boxes that are worth a look.

    Args:
        boxes: (n, 4) x_min, y_min, x_max, y_max, inside the image; what is no number or inverted is left out.
        scores: (n,).
        limit: most boxes.

    Returns:
        Indices, best first.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    with np.errstate(invalid="ignore"):
        usable = np.flatnonzero(np.isfinite(boxes).all(axis=1) & (sides > MIN_SIDE).all(axis=1) & (scores > MIN_SCORE))
    usable = usable[np.argsort(-scores[usable], kind="stable")]
    if len(usable) > AT_ONCE:
        return usable[greedy_nms(boxes[usable], scores[usable], SAME, limit)]
    return usable[greedy_mask(pairwise_iou(boxes[usable], boxes[usable]), SAME)][:limit]


def build_graph(boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]) -> BoxGraph:
    """Link the boxes that overlap, and describe each pair [Symeonidis 2023].

    Args:
        boxes: (N, 4), best first: the order decides who counts as the better one.
        scores: (N,).
        size: width and height of the image.
    """
    boxes = boxes.astype(np.float64)
    overlaps = pairwise_iou(boxes, boxes)
    np.fill_diagonal(overlaps, 1.0)
    rows, columns = np.nonzero(overlaps >= NEIGHBOUR)
    everybody = np.arange(len(boxes))
    weights = np.where(columns <= rows, 1.0, WEAKER)
    keys = pair_features(boxes, scores, size, rows, columns, overlaps[rows, columns])
    queries = pair_features(boxes, scores, size, everybody, everybody, np.ones(len(boxes)))
    return BoxGraph(queries, keys, rows, columns, weights.astype(np.float32))


def pair_features(
    boxes: Boxes,
    scores: Scores,
    size: tuple[int, int],
    rows: Ends,
    columns: Ends,
    overlaps: Weights,
) -> FeaturesOfPairs:
    """Geometric features (E, 14) float32 of pairs: what the box of the column is to that of the row.

    Args:
        boxes: (N, 4).
        scores: (N,).
        size: width and height of the image; its twentieth parts are the units of length.
        rows, columns: (E,) boxes of each pair.
        overlaps: (E,) intersection over union.
    """
    unit = np.array(size) / 20
    centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    areas, slenderness = area(boxes), sides[:, 1] / sides[:, 0]
    way = centres[columns] - centres[rows]
    features = np.empty((len(rows), 14), np.float32)
    features[:, 0:2] = way / unit
    features[:, 2] = (way**2).sum(axis=1) / (unit**2).sum()
    features[:, 3:7:2] = sides[columns] / sides[rows]
    features[:, 4:8:2] = sides[columns] / unit
    features[:, 7] = 5 * overlaps
    features[:, 8] = areas[columns] / areas[rows]
    features[:, 9] = areas[columns] / unit.prod()
    features[:, 10] = 5 * scores[columns]
    features[:, 11] = 5 * (scores[columns] - scores[rows])
    features[:, 12] = slenderness[columns]
    features[:, 13] = slenderness[columns] / slenderness[rows]
    return features
