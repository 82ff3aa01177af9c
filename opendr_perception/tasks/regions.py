"""From boxes around people to the parts of a picture that deserve a closer look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]


def surround(boxes: npt.NDArray[np.floating], margin: float, smallest: float, size: tuple[int, int]) -> Boxes:
    """Enlarge boxes and clip them to the picture, in whole pixels.

    Args:
        boxes: (n, 4) in pixels.
        margin: on each side, as a fraction of the box's width and height.
        smallest: pixels of the sides of a box that is not clipped.
        size: (width, height) of the picture.

    Returns:
        (m, 4); without those that lie outside of the picture.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = np.maximum((boxes[:, 2:] - boxes[:, :2]) * (0.5 + margin), smallest / 2)
    enlarged = np.concatenate([np.floor(centres - halves), np.ceil(centres + halves)], axis=1)
    clipped = np.clip(enlarged, 0, np.tile(np.asarray(size, np.float64), 2))
    return clipped[(clipped[:, 2:] > clipped[:, :2]).all(axis=1)]


def merge_overlapping(boxes: Boxes) -> Boxes:
    """Replace boxes that overlap by the box around them, until none do.

    Args:
        boxes: (n, 4).

    Returns:
        (m, 4), disjoint.
    """
    merged: list[npt.NDArray[np.float64]] = []
    for box in boxes:
        around = box
        while touched := [k for k, other in enumerate(merged) if _overlap(around, other)]:
            group = np.stack([around, *(merged.pop(k) for k in reversed(touched))])
            around = np.concatenate([group[:, :2].min(axis=0), group[:, 2:].max(axis=0)])
        merged.append(around)
    return np.array(merged, np.float64).reshape(-1, 4)


def areas(boxes: Boxes) -> npt.NDArray[np.float64]:
    """The area of each box."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def _overlap(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> bool:
    return bool((a[:2] < b[2:]).all() and (b[:2] < a[2:]).all())
