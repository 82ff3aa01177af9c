"""From boxes around people to the parts of an image that deserve a closer look."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]


def surround(boxes: np.ndarray, margin: float, smallest: float, size: tuple[int, int]) -> Boxes:
    """Enlarge boxes and clip them to the image, in whole pixels.

    Args:
        boxes: (n, 4) in pixels.
        margin: on each side, as a fraction of the box's width and height.
        smallest: pixels of the sides of a box that is not clipped.
        size: (width, height) of the image.

    Returns:
        (n, 4); boxes outside of the image become empty.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = np.maximum((boxes[:, 2:] - boxes[:, :2]) * (0.5 + margin), smallest / 2)
    enlarged = np.concatenate([np.floor(centres - halves), np.ceil(centres + halves)], axis=1)
    return np.asarray(np.clip(enlarged, 0, np.tile(np.asarray(size, np.float64), 2)))


def merge(boxes: Boxes, margin: float, smallest: float, size: tuple[int, int]) -> Boxes:
    """Replace two boxes by the box around them where that has fewer pixels than both, once surrounded; until none has.

    Args:
        boxes: (n, 4) in pixels; the time grows with the square of their number.
        margin, smallest, size: as `surround` takes them.

    Returns:
        (m, 4). Surrounded they may still overlap, where one part for both would be mostly empty.
    """
    while len(boxes) > 1:
        pairs = np.array(list(combinations(range(len(boxes)), 2)))
        first, second = boxes[pairs[:, 0]], boxes[pairs[:, 1]]
        around = np.concatenate(
            [np.minimum(first[:, :2], second[:, :2]), np.maximum(first[:, 2:], second[:, 2:])], axis=1
        )
        cost = areas(surround(boxes, margin, smallest, size))
        saved = cost[pairs].sum(axis=1) - areas(surround(around, margin, smallest, size))
        best = int(saved.argmax())
        if saved[best] < 0:
            break
        boxes = np.concatenate([np.delete(boxes, pairs[best], axis=0), around[best : best + 1]])
    return boxes


def areas(boxes: np.ndarray) -> npt.NDArray[np.float64]:
    """The area of each box."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.float64)


def distances(points: np.ndarray, boxes: np.ndarray) -> npt.NDArray[np.float64]:
    """Distances (n, m) of points (n, 2) from boxes (m, 4); 0 inside."""
    below, above = boxes[None, :, :2] - points[:, None], points[:, None] - boxes[None, :, 2:]
    return np.asarray(np.linalg.norm(np.maximum(np.maximum(below, above), 0), axis=-1), np.float64)
