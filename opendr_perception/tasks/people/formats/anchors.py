"""The cells of the maps of several strides, from which a network without anchor boxes reads its candidates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

STRIDES = (8, 16, 32)


@lru_cache(maxsize=32)
def anchor_centres(size: tuple[int, int]) -> np.ndarray:
    """Centres and strides of all anchors of a canvas: those of stride 8, then 16, then 32, each row by row.

    Args:
        size: (height, width) of the canvas in pixels.

    Returns:
        (A, 3) float32: x, y in canvas pixels, and the stride.
    """
    levels = []
    for stride in STRIDES:
        rows, columns = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride), indexing="ij")
        cells = np.stack([columns, rows], axis=-1).reshape(-1, 2)
        levels.append(np.column_stack([(cells + 0.5) * stride, np.full(len(cells), stride)]))
    centres = np.concatenate(levels).astype(np.float32)
    centres.flags.writeable = False  # all callers share it
    return centres
