"""Appearance of people: the colours of their upper and lower half, by which a tracker tells those apart who meet."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging import Image, crop_resize

Looks = npt.NDArray[np.float32]
"""(n, 256) for two halves, each of unit length; the product of two is the Bhattacharyya coefficient of their colours, 0
to 1."""

HALVES = ((0.12, 0.5), (0.5, 0.9))
"""Of the height of a box: without head and feet."""
SIDE = 0.15
"""Of the width of a box on each side, which shows the background."""
SIZE = (32, 24)
"""Pixels (height, width) that are looked at in each half, however large it is."""
BINS = [8, 4, 4]
"""Of hue, saturation and value."""
COLOURS = 128
"""All bins."""


def looks(image: Image, boxes: np.ndarray, parts: Sequence[tuple[float, float]] = HALVES) -> Looks:
    """The colours of people.

    Args:
        image: in which they are.
        boxes: (n, 4) in pixels of the image.
        parts: of the height of a box, from and to, which are looked at; as many times 128 numbers there are.
    """
    found = np.zeros((len(boxes), len(parts), COLOURS), np.float32)
    for row, box in zip(found, boxes, strict=True):
        for half, (top, bottom) in zip(row, parts, strict=True):
            half[:] = _histogram(image, _part(box, top, bottom))
    return np.sqrt(found / len(parts)).reshape(len(boxes), len(parts) * COLOURS)


def _part(box: np.ndarray, top: float, bottom: float) -> tuple[float, float, float, float]:
    """A half of a box, of at least a pixel."""
    left, upper, right, lower = map(float, box)
    width, height = max(right - left, 2.0), max(lower - upper, 4.0)
    return left + SIDE * width, upper + top * height, left + (1 - SIDE) * width, upper + bottom * height


def _histogram(image: Image, part: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
    """Shares (128,) of the colours of a part of an image."""
    pixels, _ = crop_resize(image, part, SIZE, "bgr")
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, BINS, [0, 180, 0, 256, 0, 256]).ravel()
    return np.asarray(counts / counts.sum(), np.float32)
