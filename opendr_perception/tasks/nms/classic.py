"""Non-maximum suppression by formulas: Greedy, Soft-NMS and Cluster-NMS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.nms.candidates import Candidates, Detections
from opendr_perception.tasks.nms.overlap import greedy_mask, greedy_nms, iou, pairwise_iou

MOST = 1000
"""Candidates that methods look at whose cost grows with the square of their number."""

DISTANCE_POWER = 0.6


@dataclass(frozen=True)
class Greedy:
    """Keep the best box, drop those that overlap it by more than the threshold, and go on with the rest."""

    iou_threshold: float = 0.5
    weakest: float = 1.0

    def __call__(self, candidates: Candidates) -> Detections:
        found = candidates.usable().proposals
        return found[greedy_nms(found.boxes, found.scores, self.iou_threshold)]


@dataclass(frozen=True)
class SoftNms:
    """Lower the scores of boxes that overlap a better one, instead of dropping them [Bodla 2017].

    Args:
        iou_threshold: linear decay, by 1 - IoU, of boxes that overlap more than this.
        sigma: where given, Gaussian decay by exp(-IoU^2 / sigma) of all boxes instead.
    """

    iou_threshold: float = 0.5
    sigma: float | None = None
    weakest: float = 1.0

    def __call__(self, candidates: Candidates) -> Detections:
        found = candidates.usable(MOST).proposals
        left, scores = np.arange(len(found)), found.scores.astype(np.float64)
        order = []
        while len(left):
            place = scores[left].argmax()  # anew each time: decay changes the order
            best, left = left[place], np.delete(left, place)
            order.append(best)
            overlaps = iou(found.boxes[best], found.boxes[left])
            if self.sigma is None:
                scores[left] *= np.where(overlaps > self.iou_threshold, 1 - overlaps, 1)
            else:
                scores[left] *= np.exp(-(overlaps**2) / self.sigma)
        chosen = np.array(order, dtype=np.intp)
        return Detections(found.boxes[chosen], scores[chosen].astype(np.float32))


@dataclass(frozen=True)
class ClusterNms:
    """Greedy for all boxes at once, and its variants [Zheng 2021].

    Args:
        iou_threshold: of two boxes of a cluster that overlap more the better one stays.
        sigma: where given (variant S), boxes are not dropped: their scores decay by exp(-IoU^2 / sigma).
        distance: take the distance of centres into account (variant D): of boxes that overlap alike, distant ones
            rather belong to two objects.
        weighted: give a box that stays the mean place of its cluster (variant W).
    """

    iou_threshold: float = 0.5
    sigma: float | None = None
    distance: bool = False
    weighted: bool = False
    weakest: float = 1.0

    def __call__(self, candidates: Candidates) -> Detections:
        found = candidates.usable(MOST).proposals
        boxes, scores = found.boxes.astype(np.float64), found.scores.astype(np.float64)
        overlaps = pairwise_iou(boxes, boxes)
        far = _distances(boxes) if self.distance else np.zeros_like(overlaps)
        plain = np.triu(overlaps if self.sigma is not None else overlaps - far, 1)
        kept = greedy_mask(plain, self.iou_threshold)
        above = plain * kept[:, None]
        if self.weighted:
            boxes = _weighted(boxes, scores, overlaps, above > self.iou_threshold)
        if self.sigma is None:
            order = np.flatnonzero(kept)
        else:
            decay = np.exp(-(above**2) / self.sigma) + (far**DISTANCE_POWER if self.distance else 0)
            scores = scores * np.minimum(decay, 1).prod(axis=0)
            order = np.argsort(-scores, kind="stable")
        return Detections(boxes[order].astype(np.float32), scores[order].astype(np.float32))


def _distances(boxes: np.ndarray) -> np.ndarray:
    """Squared distances (n, n) of centres, over the squared diagonals of the boxes around both."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    apart = ((centres[:, None] - centres[None]) ** 2).sum(axis=2)
    low = np.minimum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.maximum(boxes[:, None, 2:], boxes[None, :, 2:])
    return apart / ((high - low) ** 2).sum(axis=2)


def _weighted(boxes: np.ndarray, scores: np.ndarray, overlaps: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Each box (n, 4) as the mean of itself and the boxes that it drops, by score and overlap."""
    weights = (members | np.eye(len(boxes), dtype=bool)) * overlaps * scores
    return weights @ boxes / weights.sum(axis=1, keepdims=True)
