"""Heatmaps: evidence in an image, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.shapes import Boxes, Cells, Scores


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Probabilities of people, in cells of an image.

    Args:
        values: (h, w) float32 in [0, 1].
        stride: pixels from one cell to the next.
        offset: of the first cell's centre, in pixels from the image's corner.
    """

    values: Cells
    stride: float
    offset: float

    def to_pixels(self, cells: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The pixels that boxes (..., 4) of cells cover; x_max and y_max are the cells after the last ones."""
        return np.asarray((np.asarray(cells) - 0.5) * self.stride + self.offset, np.float32)


@dataclass(frozen=True, eq=False)
class Regions:
    """Parts of an image.

    Args:
        boxes: (n, 4) float32 x_min, y_min, x_max, y_max in pixels.
        scores: (n,) float32, the largest value in each.
    """

    boxes: Boxes
    scores: Scores

    def __len__(self) -> int:
        return len(self.scores)


def regions(heatmap: Heatmap, threshold: float, smallest: int = 1) -> Regions:
    """Boxes around connected cells that reach a threshold.

    Args:
        heatmap: of an image.
        threshold: of a cell, in (0, 1].
        smallest: groups of fewer cells are left out.
    """
    hot = heatmap.values >= threshold
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(hot.astype(np.uint8), connectivity=8)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, np.asarray(labels, np.intp)[hot], heatmap.values[hot])
    kept = 1 + np.flatnonzero(statistics[1:, cv2.CC_STAT_AREA] >= smallest)  # the first is the background
    left, top, width, height = statistics[kept, :4].T
    cells = np.column_stack([left, top, left + width, top + height])
    return Regions(heatmap.to_pixels(cells), peaks[kept])


def smooth(heatmap: Heatmap, before: Heatmap | None, keep: float) -> Heatmap:
    """Mix a heatmap with the smoothed one before it; the result is the state for the next.

    Args:
        heatmap: of an image.
        before: what came out for the image before; None for the first. Another size counts as none.
        keep: share of the past, in [0, 1).
    """
    if before is None or keep == 0 or before.values.shape != heatmap.values.shape:
        return heatmap
    values = cv2.addWeighted(heatmap.values, 1 - keep, before.values, keep, 0)
    return Heatmap(np.asarray(values, np.float32), heatmap.stride, heatmap.offset)
