"""Detect people in images of two sizes, and fuse what is found: slower, and far fewer are missed.

A detector with levels of strides 8, 16, 32 is unsure of people whose height lies where one level hands over to the
next. For NanoDet that is 130 to 170 and 270 to 320 pixels, as it sees them; in another size of the image they have
another height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections, pairwise_iou
from opendr_perception.tasks.people.detection import PersonDetector

RATIO = 0.75
"""Of the second size to the first: half of it would put people from one gap into the other."""

SAME_PERSON = 0.5
"""Overlap from which boxes of both sizes are fused."""


class TwoSizes:
    """A person detector that looks at each image at its input size and at three quarters of it.

    Boxes of one person are fused as in Weighted Boxes Fusion [Solovyev 2021], to their mean, weighted by score. The
    score is the better one: who falls into the gap at one size is found at the other alone.

    Args:
        detector: its threshold, suppression and input size are used.
    """

    def __init__(self, detector: PersonDetector) -> None:
        self._detector = detector

    def __call__(self, images: Sequence[Image]) -> list[Detections]:
        """Find the people in each image."""
        sizes = self._detector.input_size, round(RATIO * self._detector.input_size)
        return [fuse(views) for views in zip(*(self._detector(images, size) for size in sizes), strict=True)]


def fuse(views: Sequence[Detections]) -> Detections:
    """Fuse what is found in several views of an image, in pixels of the image; each has one box for a person.

    Returns:
        Best first.
    """
    boxes = np.concatenate([view.boxes for view in views])
    scores = np.concatenate([view.scores for view in views])
    view_of = np.repeat(np.arange(len(views)), [len(view) for view in views])
    overlaps = pairwise_iou(boxes, boxes)
    left = np.ones(len(scores), bool)
    order = np.argsort(-scores, kind="stable")
    fused, kept = [], []
    for best in order:
        if left[best]:
            others = order[(left & (overlaps[best] > SAME_PERSON) & (view_of != view_of[best]))[order]]
            left[others] = left[best] = False
            chosen = np.append(best, others[np.unique(view_of[others], return_index=True)[1]])  # one box of each view
            fused.append(scores[chosen] @ boxes[chosen] / scores[chosen].sum())
            kept.append(best)
    return Detections(np.array(fused, np.float32).reshape(-1, 4), scores[kept])
