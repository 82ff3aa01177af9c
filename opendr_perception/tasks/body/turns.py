"""Look at some of many people in each image, in turn, and carry the keypoints of the others by optical flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging import Grey, Image
from opendr_perception.tasks.nms import pairwise_iou

SAME = 0.3
"""Overlap of boxes in two images in a row from which they are of one person."""
NEVER = 1 << 30

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Looked:
    """The people of the last image of a stream.

    Args:
        grey: the image.
        boxes: (n, 4).
        keypoints: (n, K, 3) x, y, score.
        ages: (n,) images since each was looked at.
    """

    grey: Grey
    boxes: Floats
    keypoints: Floats
    ages: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """Choice of the people whose keypoints are estimated in an image, and the carried keypoints of the others.

    Args:
        grey, boxes: as in `Looked`.
        carried: (n, K, 3) keypoints from the last image, of those who were there.
        ages: (n,) as they are if nobody is looked at; NEVER for those who were not there.
        chosen: places of those to look at.
    """

    grey: Grey
    boxes: Floats
    carried: Floats
    ages: npt.NDArray[np.int64]
    chosen: npt.NDArray[np.intp]

    def done(self, found: Floats) -> Looked:
        """After the chosen ones were looked at, and have these keypoints."""
        keypoints, ages = self.carried.copy(), self.ages.copy()
        keypoints[self.chosen], ages[self.chosen] = found, 0
        return Looked(self.grey, self.boxes, keypoints, ages)


def plan(last: Looked | None, image: Image, boxes: Floats, most: int, joints: int) -> Plan:
    """Choose who is looked at: everybody who is new, and of the others those who have waited longest.

    Args:
        last: what was seen before; None for nothing.
        image: the next one.
        boxes: (n, 4) of the people in it.
        most: at most so many are looked at, and all who are new.
        joints: K.
    """
    grey = Grey.of(image)
    carried, ages = np.zeros((len(boxes), joints, 3), np.float32), np.full(len(boxes), NEVER)
    if last is not None and last.grey.pixels.shape == grey.pixels.shape:
        here, there = _same(boxes, last.boxes)
        carried[here] = _carry(last, grey, boxes[here], there)
        ages[here] = last.ages[there] + 1
    most = max(most, int((ages == NEVER).sum()))
    return Plan(grey, boxes, carried, ages, np.sort(np.argsort(-ages, kind="stable")[:most]))


def _same(boxes: Floats, others: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places of those who are in both."""
    from scipy.optimize import linear_sum_assignment  # takes 0.2 s to import

    overlaps = pairwise_iou(boxes, others)
    here, there = linear_sum_assignment(-overlaps)
    near = overlaps[here, there] >= SAME
    return here[near], there[near]


def _carry(last: Looked, grey: Grey, boxes: Floats, there: npt.NDArray[np.intp]) -> Floats:
    """Keypoints where the flow has led them, or where they lie in the box if it has lost them."""
    keypoints, before = last.keypoints[there], last.boxes[there][:, None]
    ends, found = last.grey.follow(np.ascontiguousarray(keypoints[..., :2]), grey)
    sides = np.maximum(before[..., 2:] - before[..., :2], 1e-3)
    inside = (keypoints[..., :2] - before[..., :2]) / sides
    placed = boxes[:, None, :2] + inside * (boxes[:, None, 2:] - boxes[:, None, :2])
    return np.concatenate([np.where(found[..., None], ends, placed), keypoints[..., 2:]], axis=-1).astype(np.float32)
