"""Depth images to metres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import Image

ENCODINGS = {"16UC1": ("u2", 0.001), "mono16": ("u2", 0.001), "32FC1": ("f4", 1.0)}
"""Type of the pixels, and metres for each unit [REP 118]."""
SAME_ASPECT = 0.02
"""Relative difference of the shapes of depth and image up to which one is the other, resized."""


def read_depth(message: Image, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The depth (h, w) of an image in metres, NaN where it is not known.

    Args:
        message: aligned with the camera's images [REP 118]: the same lens, of any size.
        size: width and height of those images, pixels.

    Raises:
        ValueError: it is of another encoding, truncated, or of another shape than the images.
    """
    if message.encoding not in ENCODINGS:
        raise ValueError(f"depth must be of the encoding 16UC1 or 32FC1, not '{message.encoding[:40]}'")
    kind, metres = ENCODINGS[message.encoding]
    dtype = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    rows, columns, step = message.height, message.width, message.step or message.width * dtype.itemsize
    if not rows or not columns or step < columns * dtype.itemsize or len(message.data) < rows * step:
        raise ValueError(f"a depth image of {columns}x{rows} pixels with {len(message.data)} bytes is truncated")
    if abs(columns / rows / (size[0] / size[1]) - 1) > SAME_ASPECT:
        raise ValueError(
            f"the depth image has {columns}x{rows} pixels and the camera's {size[0]}x{size[1]}, another shape: depth "
            "must be aligned with the images"
        )
    data = np.frombuffer(message.data, np.uint8, rows * step).reshape(rows, step)
    values = data[:, : columns * dtype.itemsize].copy().view(dtype).astype(np.float32) * np.float32(metres)
    values[~(values > 0) | np.isinf(values)] = np.nan
    return values
