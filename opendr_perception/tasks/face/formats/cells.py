"""Cells of the maps of strides 8, 16 and 32, from which face detectors without anchor boxes read their candidates."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.face.formats.base import FLOAT

STRIDES = (8, 16, 32)


def corners_of_cells(size: tuple[int, int], each: int) -> np.ndarray:
    """Upper left corner and stride (A, 3) of all cells of a canvas, each so many times: x, y in pixels.

    Args:
        size: (height, width) of the canvas in pixels.
        each: candidates of a cell.
    """
    levels = []
    for stride in STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells = np.column_stack([columns.ravel() * stride, rows.ravel() * stride, np.full(rows.size, stride)])
        levels.append(np.repeat(cells, each, axis=0))
    return np.concatenate(levels).astype(np.float32)


def expect_levels(session: Session, size: tuple[int, int], each: int, widths: dict[str, int]) -> None:
    """Check that a network has an output NAME_STRIDE (N, cells, numbers) for each name and stride.

    Raises:
        EngineError: it has not.
    """
    outputs = [
        Tensor(f"{name}_{stride}", (None, (size[0] // stride) * (size[1] // stride) * each, width), FLOAT)
        for name, width in widths.items()
        for stride in STRIDES
    ]
    session.expect([Tensor("image", (None, *size, 3), np.dtype(np.uint8))], outputs)


def joined(outputs: Outputs, name: str) -> np.ndarray:
    """The outputs (A, numbers) of all strides of a name."""
    return np.concatenate([outputs[f"{name}_{stride}"] for stride in STRIDES])
