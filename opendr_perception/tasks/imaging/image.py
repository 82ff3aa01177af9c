"""Images, and how they are brought into the size and colour order that a network wants.

Coordinates are continuous pixels: the origin is the top-left corner of the image, so the centre of the first pixel is
(0.5, 0.5) and the whole image is the box (0, 0, width, height). Resizing is then a plain multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Order = Literal["bgr", "rgb"]
Place = Literal["middle", "corner", "stretch"]
"""Of an image in a canvas: in its middle or in its top-left corner, keeping the aspect ratio, or all over it."""
Pixels = npt.NDArray[np.uint8]

CHANNELS = {"mono8": 1, "bgr8": 3, "rgb8": 3, "bgra8": 4, "rgba8": 4}
"""Channels of each supported encoding, named as in sensor_msgs."""

MAX_SIDE = 32766
"""Longest side of an image in pixels: OpenCV cannot warp longer ones."""

_CONVERSIONS = {
    ("mono8", "bgr"): cv2.COLOR_GRAY2BGR,
    ("mono8", "rgb"): cv2.COLOR_GRAY2RGB,
    ("bgr8", "rgb"): cv2.COLOR_BGR2RGB,
    ("rgb8", "bgr"): cv2.COLOR_RGB2BGR,
    ("bgra8", "bgr"): cv2.COLOR_BGRA2BGR,
    ("bgra8", "rgb"): cv2.COLOR_BGRA2RGB,
    ("rgba8", "bgr"): cv2.COLOR_RGBA2BGR,
    ("rgba8", "rgb"): cv2.COLOR_RGBA2RGB,
}


@dataclass(frozen=True, eq=False)
class Image:
    """An image: a view of 8-bit pixels and how to read them. The view may be read-only and its rows may be padded.

    Args:
        pixels: (height, width) or (height, width, channels) uint8.
        encoding: One of CHANNELS.
        note: What is doubtful about it, such as a range of grey levels that is nearly empty; '' for nothing.

    Raises:
        ValueError: The encoding is not supported, or the pixels do not fit it.
    """

    pixels: Pixels
    encoding: str
    note: str = ""

    def __post_init__(self) -> None:
        channels = _channels(self.encoding)
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8:
            raise ValueError(f"{self.encoding} pixels must be uint8, not {self.pixels.dtype}")
        if shape[2:] != (channels,) and not (channels == 1 and len(shape) == 2):
            raise ValueError(f"{self.encoding} pixels must have the shape (height, width, {channels}), not {shape}")
        if not all(1 <= side <= MAX_SIDE for side in shape[:2]):
            raise ValueError(f"an image must have 1 to {MAX_SIDE} pixels a side, not {shape[1]}x{shape[0]}")

    @classmethod
    def from_buffer(
        cls, data: bytes | memoryview | np.ndarray, height: int, width: int, step: int, encoding: str
    ) -> Image:
        """View the bytes of an image, as a sensor_msgs/Image carries them, without copying them.

        Args:
            data: At least height * step bytes; any object with the buffer protocol.
            height: Rows.
            width: Columns.
            step: Bytes from one row to the next.
            encoding: One of CHANNELS.

        Raises:
            ValueError: The encoding is not supported, or there are fewer bytes than the size asks for.
        """
        channels = _channels(encoding)
        row = width * channels
        if step < row:
            raise ValueError(f"a row of {width} {encoding} pixels has {row} bytes, more than the step of {step}")
        if len(data) < height * step:
            raise ValueError(f"truncated: {len(data)} bytes instead of {height} rows of {step}")
        rows = np.frombuffer(data, np.uint8)[: height * step].reshape(height, step)
        return cls(rows[:, :row].reshape(height, width, channels), encoding)

    @property
    def height(self) -> int:
        """Rows."""
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.pixels.shape[1]


@dataclass(frozen=True)
class Fit:
    """Placement of an image in the canvas of a network.

    Args:
        order: Colour order of the canvas.
        place: Of the image in it.
        fill: Grey level of the borders.
    """

    order: Order
    place: Place = "middle"
    fill: int = 0

    def __call__(self, image: Image, size: tuple[int, int], out: Pixels | None = None) -> tuple[Pixels, Letterbox]:
        """Lay an image into a canvas of (height, width), as `letterbox` does."""
        return letterbox(image, size, self.order, self.fill, out, self.place)


@dataclass(frozen=True)
class Letterbox:
    """Mapping of a source image to a canvas: canvas = source * scale + offset.

    Args:
        scale: Canvas pixels per source pixel, (x, y).
        offset: Place of the source's top-left corner in the canvas, (x, y) in canvas pixels.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_source(self, xy: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Map points (..., 2) or boxes (..., 4) from canvas pixels to source pixels."""
        return ((_pairs(xy) - self.offset) / self.scale).reshape(np.shape(xy)).astype(np.float32)


def letterbox(
    image: Image,
    size: tuple[int, int],
    order: Order = "bgr",
    fill: int = 0,
    out: Pixels | None = None,
    place: Place = "middle",
) -> tuple[Pixels, Letterbox]:
    """Fit a whole image into a canvas, keeping its aspect ratio unless it is stretched.

    Args:
        image: The image.
        size: (height, width) of the canvas.
        order: Colour order of the canvas.
        fill: Grey level of the borders.
        out: Canvas to fill, e.g. one row of a batch: (height, width, 3) uint8, C-contiguous.
        place: Of the image in the canvas.

    Returns:
        The canvas (height, width, 3) uint8, and where the image lies in it.

    Raises:
        ValueError: The size is not positive, or `out` does not have it.
    """
    canvas = _canvas(size, out)
    height, width = size
    scale = min(height / image.height, width / image.width)
    # Whole pixels, so that the image has sharp borders; the mapping holds the scale that results from it.
    inner_height = height if place == "stretch" else max(1, round(image.height * scale))
    inner_width = width if place == "stretch" else max(1, round(image.width * scale))
    top, left = ((height - inner_height) // 2, (width - inner_width) // 2) if place == "middle" else (0, 0)

    canvas[:] = fill
    inner = canvas[top : top + inner_height, left : left + inner_width]
    conversion = _CONVERSIONS.get((image.encoding, order))
    if conversion is None:
        cv2.resize(image.pixels, (inner_width, inner_height), dst=inner)
    else:  # Fewer pixels are converted when the colours come last.
        cv2.cvtColor(cv2.resize(image.pixels, (inner_width, inner_height)), conversion, dst=inner)
    return canvas, Letterbox((inner_width / image.width, inner_height / image.height), (left, top))


def crop_resize(
    image: Image, box: Sequence[float], size: tuple[int, int], order: Order = "bgr", out: Pixels | None = None
) -> tuple[Pixels, Letterbox]:
    """Cut a box out of an image and resize it; what lies outside of the image is black.

    Args:
        image: The image.
        box: (x_min, y_min, x_max, y_max) in source pixels, of the canvas's aspect ratio unless it shall be distorted.
        size: (height, width) of the canvas.
        order: Colour order of the canvas.
        out: Canvas to fill, e.g. one row of a batch: (height, width, 3) uint8, C-contiguous.

    Returns:
        The canvas (height, width, 3) uint8, and where the image lies in it.

    Raises:
        ValueError: The box is empty or not finite, the size is not positive, or `out` does not have it.
    """
    canvas = _canvas(size, out)
    height, width = size
    x_min, y_min, x_max, y_max = map(float, box)
    if not (np.isfinite(box).all() and x_min < x_max and y_min < y_max):
        raise ValueError(f"cannot crop the box ({x_min:g}, {y_min:g}, {x_max:g}, {y_max:g})")
    step_x, step_y = (x_max - x_min) / width, (y_max - y_min) / height
    warp(image, np.array([[step_x, 0, x_min], [0, step_y, y_min]]), size, order, canvas)
    return canvas, Letterbox((1 / step_x, 1 / step_y), (-x_min / step_x, -y_min / step_y))


def warp(
    image: Image,
    to_source: np.ndarray,
    size: tuple[int, int],
    order: Order = "bgr",
    out: Pixels | None = None,
    repeat_edges: bool = False,
) -> Pixels:
    """Fill a canvas from an image by an affine map; what lies outside of the image is black.

    Args:
        image: The image.
        to_source: (2, 3) map from canvas to source pixels.
        size: (height, width) of the canvas.
        order: Colour order of the canvas.
        out: Canvas to fill, e.g. one row of a batch: (height, width, 3) uint8, C-contiguous.
        repeat_edges: Continue the image's edges outside of it, instead of black.

    Returns:
        The canvas (height, width, 3) uint8.

    Raises:
        ValueError: The size is not positive, or `out` does not have it.
    """
    canvas = _canvas(size, out)
    linear, shift = to_source[:, :2], to_source[:, 2]
    # OpenCV counts from the centre of the first pixel, half a pixel inside of the corner.
    matrix = np.column_stack([linear, linear @ [0.5, 0.5] + shift - 0.5])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mode = cv2.BORDER_REPLICATE if repeat_edges else cv2.BORDER_CONSTANT
    conversion = _CONVERSIONS.get((image.encoding, order))
    if conversion is None:
        cv2.warpAffine(image.pixels, matrix, size[::-1], dst=canvas, flags=flags, borderMode=mode)
    else:
        warped = cv2.warpAffine(image.pixels, matrix, size[::-1], flags=flags, borderMode=mode)
        cv2.cvtColor(warped, conversion, dst=canvas)
    return canvas


def square(box: np.ndarray, margin: float = 1.0) -> tuple[float, float, float, float]:
    """The square around a box (4,), its side `margin` times the box's longer one; it may reach beyond the image."""
    return around(box, 1.0, margin)


def around(box: np.ndarray, aspect: float, margin: float = 1.0) -> tuple[float, float, float, float]:
    """The smallest region of an aspect ratio, width over height, around a box (4,), `margin` times as large.

    It has the centre of the box, and may reach beyond the image.
    """
    centre = (box[:2] + box[2:]) / 2
    width, height = np.maximum(box[2:] - box[:2], 1.0)
    width = max(float(width), float(height) * aspect) * margin / 2
    height = width / aspect
    return (centre[0] - width, centre[1] - height, centre[0] + width, centre[1] + height)


def to_bgr(image: Image) -> Pixels:
    """Copy an image for drawing on it.

    Returns:
        (height, width, 3) uint8 in the order blue, green, red; contiguous, writable and independent of the source.
    """
    conversion = _CONVERSIONS.get((image.encoding, "bgr"))
    if conversion is None:
        return image.pixels.copy()
    return np.asarray(cv2.cvtColor(image.pixels, conversion), np.uint8)


def _channels(encoding: str) -> int:
    if encoding not in CHANNELS:
        raise ValueError(f"unsupported encoding '{encoding}' (supported: {', '.join(CHANNELS)})")
    return CHANNELS[encoding]


def _canvas(size: tuple[int, int], out: Pixels | None) -> Pixels:
    height, width = size
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ValueError(f"a canvas must have 1 to {MAX_SIDE} pixels a side, not {width}x{height}")
    if out is None:
        return np.empty((height, width, 3), np.uint8)
    if out.shape != (height, width, 3) or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"out must be a contiguous uint8 array ({height}, {width}, 3), not {out.dtype} {out.shape}")
    return out


def _pairs(xy: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = np.asarray(xy, np.float64)
    return values.reshape(*values.shape[:-1], values.shape[-1] // 2, 2)
