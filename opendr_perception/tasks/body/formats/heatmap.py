"""ViTPose and others that draw a heatmap for each keypoint of one person [Xu 2022, ViTPose]."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, expect_coco17
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Order

KERNEL = 11
"""Of the blur before a peak is refined, in cells: that of MMPose for maps of 48 x 64 cells."""
SMALLEST, LARGEST = 0.001, 50.0
"""Bounds of the values whose logarithm is taken."""


class Heatmaps:
    """The peak of each heatmap is the keypoint, refined to a part of a cell.

    Args:
        session: with the output `heatmaps` (N, K, h, w).

    Raises:
        EngineError: it has not.
    """

    order: Order = "rgb"

    def __init__(self, session: Session) -> None:
        session.expect(inputs=[IMAGE], outputs=[Tensor("heatmaps", (None, None, None, None), FLOAT)])
        expect_coco17(session, "heatmaps", axis=1)

    def decode(self, outputs: Outputs, size: tuple[int, int]) -> np.ndarray:
        maps = outputs["heatmaps"][:, : len(COCO17)]
        people, keypoints, height, width = maps.shape
        cells, values = refined_peaks(maps.reshape(-1, height, width))
        # The first and the last cell lie on the first and the last pixel [Huang 2020, UDP].
        pixels = cells * ((np.array(size[::-1]) - 1) / np.maximum([width - 1, height - 1], 1)) + 0.5
        found = np.concatenate([pixels, values[:, None]], axis=-1).astype(np.float32)
        return found.reshape(people, keypoints, 3)


def refined_peaks(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest peaks, to a part of a cell, by the distribution around them [Zhang 2020, DARK, eq. 7].

    Args:
        maps: (n, h, w) float32.

    Returns:
        Places (n, 2) x, y in cells, where whole numbers are centres of cells; and values (n,) of the highest cells.
    """
    count, height, width = maps.shape
    highest = maps.reshape(count, -1).argmax(axis=1)
    rows, columns = np.divmod(highest, width)
    values = maps.reshape(count, -1)[np.arange(count), highest]
    blurred = np.stack([cv2.GaussianBlur(np.ascontiguousarray(each), (KERNEL, KERNEL), 0) for each in maps])
    logs = np.pad(np.log(np.clip(blurred, SMALLEST, LARGEST)), ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.stack(
        [[logs[np.arange(count), rows + 1 + y, columns + 1 + x] for x in (-1, 0, 1)] for y in (-1, 0, 1)]
    ).astype(np.float64)  # (y, x, n)
    slope = np.stack([around[1, 2] - around[1, 0], around[2, 1] - around[0, 1]], axis=-1) / 2
    xx = around[1, 2] - 2 * around[1, 1] + around[1, 0]
    yy = around[2, 1] - 2 * around[1, 1] + around[0, 1]
    xy = (
        around[2, 2] - around[1, 2] - around[2, 1] + 2 * around[1, 1] - around[1, 0] - around[0, 1] + around[0, 0]
    ) / 2
    curvature = np.stack([np.stack([xx, xy], axis=-1), np.stack([xy, yy], axis=-1)], axis=-2)
    curvature += np.eye(2) * np.finfo(np.float32).eps
    with np.errstate(invalid="ignore"):  # NaN and infinity
        flat = ~(np.abs(np.linalg.det(curvature)) > np.finfo(np.float64).tiny)
    curvature[flat] = np.eye(2)  # of no use, and not invertible
    steps = np.linalg.solve(curvature, slope[..., None])[..., 0]
    usable = np.isfinite(steps).all(axis=-1) & (np.abs(steps) <= 1.5).all(axis=-1) & ~flat
    places = np.stack([columns, rows], axis=-1) - np.where(usable[:, None], steps, 0)
    return np.clip(places, 0, [width - 1, height - 1]), values
