"""Draw triangles, the nearest last: which triangle each pixel shows, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

EMPTY = -1
SUBPIXEL = 6
"""Bits of the fraction of a pixel in OpenCV's drawing."""


@dataclass(frozen=True)
class Raster:
    """Content of each pixel of a canvas.

    Args:
        triangle: (H, W) int32, EMPTY where there is none.
        corners: (H, W, 3) int, the vertices of that triangle; without meaning where there is none.
        weights: (H, W, 3) float, the pixel's barycentric coordinates in it.
    """

    triangle: np.ndarray
    corners: np.ndarray
    weights: np.ndarray

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Values (V, C) of the vertices at each pixel: (H, W, C) float32; without meaning where nothing is shown."""
        return np.einsum("hwk,hwkc->hwc", self.weights, values[self.corners]).astype(np.float32)


def rasterise(vertices: np.ndarray, triangles: np.ndarray, size: tuple[int, int]) -> Raster:
    """Draw triangles from far to near.

    Args:
        vertices: (V, 3) float, x and y in pixels of the canvas, and depth: smaller is nearer.
        triangles: (T, 3) int.
        size: (height, width) of the canvas.
    """
    canvas = np.full(size, EMPTY, np.int32)
    # OpenCV counts from the centre of the first pixel, half a pixel inside of the corner.
    points = np.clip(np.round((vertices[:, :2] - 0.5) * 2**SUBPIXEL), -(2**20), 2**20).astype(np.int32)[triangles]
    for number in np.argsort(-vertices[triangles, 2].mean(1), kind="stable"):
        cv2.fillConvexPoly(canvas, points[number], int(number), cv2.LINE_8, SUBPIXEL)
    corners = triangles[canvas]
    a, b, c = (vertices[corners[:, :, k], :2] for k in range(3))
    row, column = np.indices(size)
    point = np.stack([column + 0.5, row + 0.5], -1)
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    v, w = _cross(point - a, c - a) / area, _cross(b - a, point - a) / area
    weights = np.clip(np.stack([1 - v - w, v, w], -1), 0, 1)  # OpenCV draws edges too, a little outside
    return Raster(canvas, corners, weights / weights.sum(-1, keepdims=True))


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
