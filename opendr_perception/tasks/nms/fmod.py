"""FMoD, the Frame Moments Descriptor: statistics of the edges in a box, at three scales [Symeonidis 2023]."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception.tasks.imaging import Image, to_bgr

LONGEST = 600
"""Pixels to which the longer side of larger images is reduced."""
EDGE = 240
"""Gradient from which a pixel is an edge, of 255."""
SIDE = 160
"""Of the square to which a box is stretched."""
LEVELS = 3
NUMBERS = 15 * sum(4**level for level in range(LEVELS))
CLAMP = 50.0
AT_ONCE = 8
"""Boxes whose patches fit into the processor's cache."""


class Fmod:
    """Describes boxes of an image by 315 numbers each.

    Args:
        mean, deviation: (315,) of the training's boxes, by which the numbers are normalised.
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        if mean.shape != (NUMBERS,) or deviation.shape != (NUMBERS,):
            raise ValueError(f"mean and deviation must have {NUMBERS} numbers, got {mean.shape} and {deviation.shape}")
        self._mean = mean
        self._deviation = np.where(deviation > 0, deviation, 1)

    def __call__(self, image: Image, boxes: np.ndarray) -> np.ndarray:
        """Describe boxes (n, 4), in pixels of the image: (n, 315) float32."""
        raw = describe(image, boxes)
        return np.clip((raw - self._mean) / self._deviation, -CLAMP, CLAMP).astype(np.float32)


def describe(image: Image, boxes: np.ndarray) -> np.ndarray:
    """The descriptor (n, 315) float32 before normalisation."""
    edges, scale = edge_map(to_bgr(image))
    numbers = np.empty((len(boxes), NUMBERS), np.float32)
    for start in range(0, len(boxes), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        patches = np.stack([_stretch(edges, box * scale) for box in boxes[rows]])
        numbers[rows] = np.concatenate([_level(patches, 2**level) for level in range(LEVELS)], axis=1)
    return numbers


def edge_map(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Map of the strong edges of an image (H, W, 3) BGR, (h, w) of 0 and 1, and by which factor it was reduced."""
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    if scale < 1:
        height, width = (max(1, int(side * scale)) for side in pixels.shape[:2])
        pixels = cv2.resize(pixels, (width, height))
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    slopes = [cv2.convertScaleAbs(cv2.Scharr(grey, cv2.CV_16S, dx, 1 - dx)).astype(np.float32) for dx in (1, 0)]
    return (cv2.magnitude(*slopes) > EDGE).astype(np.float32), scale


def _stretch(edges: np.ndarray, box: np.ndarray) -> np.ndarray:
    """RoIAlign to (160, 160): as many samples in each cell as it has pixels."""
    counts = [max(1, int(np.ceil(side / SIDE))) for side in (box[2] - box[0], box[3] - box[1])]
    across, down = (
        (box[axis] + (box[axis + 2] - box[axis]) * (np.arange(SIDE * count) + 0.5) / (SIDE * count) - 0.5)
        for axis, count in enumerate(counts)
    )
    x, y = np.meshgrid(across.astype(np.float32), down.astype(np.float32))
    sampled = cv2.remap(edges, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled.reshape(SIDE, counts[1], SIDE, counts[0]).mean(axis=(1, 3))


def _level(patches: np.ndarray, cells: int) -> np.ndarray:
    """Statistics (n, 15 * cells^2) of patches (n, 160, 160), divided into cells x cells, row by row."""
    side = SIDE // cells
    parts = patches.reshape(-1, cells, side, cells, side).swapaxes(2, 3).reshape(-1, side, side)
    signals = [parts.mean(axis=2), parts.mean(axis=1), parts.reshape(len(parts), -1)]
    return np.concatenate([_moments(signal) for signal in signals], axis=1).reshape(len(patches), -1)


def _moments(signals: np.ndarray) -> np.ndarray:
    """Mean, standard deviation, skewness, excess kurtosis and power (n, 5) of signals (n, length)."""
    mean, deviation = signals.mean(axis=1), signals.std(axis=1, ddof=1)
    z = (signals - mean[:, None]) / np.where(deviation > 0, deviation, 1)[:, None]
    square = z * z  # higher powers of it by products: they are many times as fast as **
    skewness, kurtosis = (square * z).mean(axis=1), (square * square).mean(axis=1) - 3
    return np.column_stack([mean, deviation, skewness, kurtosis, (signals * signals).mean(axis=1)])
