"""Images of more than 8 bits, brought to the 8 bits that the networks look at.

Cameras of 10, 12 or 14 bits send them in 16, thermal ones send temperatures far from zero, and simulators send numbers
from 0 to 1. Which it is is told by the pixels, and remembered for the stream, so that its brightness does not flicker:

* the white level is that of the smallest number of bits (8, 10, 12, 14, 16), or 1, 255, 65535 for real numbers, that
  holds all pixels so far; it never falls again, because it belongs to the sensor;
* where all pixels are in a narrow range far from zero, or some are negative, as in thermal images, the range of the
  pixels is stretched to black and white. It widens at once, and narrows slowly.

One pixel in a thousand at either end is not looked at: hot and dead pixels do not count.
"""

from __future__ import annotations

import numpy as np

from opendr_perception.tasks.imaging.image import Pixels

WHITE_OF_INTEGERS = tuple(float(2**bits - 1) for bits in (8, 10, 12, 14, 16))
WHITE_OF_REALS = (1.0, 255.0, 65535.0)
OUTLIERS = 0.1
"""Per cent of the pixels at either end that may be beyond black and white."""

NARROW = 1 / 8
"""Share of 0 to white; a range that is less, and above half of its brightest pixel, is stretched."""

FORGET = 0.02
"""Share by which the remembered range comes nearer to a narrower one with each image: about 50 images."""

STREAMS = 32
"""Most streams of which something is kept."""

SAMPLES = 200
"""Rows and columns that are looked at."""


class PixelRange:
    """The range of the pixels of one stream. Not for several threads at once."""

    def __init__(self) -> None:
        self._white = 0.0
        self._range: tuple[float, float] | None = None

    def to_8bit(self, pixels: np.ndarray) -> tuple[Pixels, str]:
        """Scale an image of integers or real numbers, (H, W) or (H, W, C), by one range for all channels.

        Returns:
            The pixels in 8 bits, and what is doubtful about them, or ''.

        Raises:
                ValueError: It has no finite pixel or numbers beyond 1e30, or is not of uint16 or real numbers.
        """
        integers = pixels.dtype == np.uint16
        if not integers and pixels.dtype.kind != "f":
            raise ValueError(f"pixels of {pixels.dtype} are not supported")
        low, high = self._remember(*_extent(pixels))
        steps = WHITE_OF_INTEGERS if integers else WHITE_OF_REALS
        self._white = max(self._white, next((step for step in steps if high <= step), high))
        empty = high - low < self._white / 256
        note = ""
        if empty:
            note = f"nearly all pixels are between {low:g} and {high:g}, of 0 to {self._white:g}: nothing can be seen"
        offset = low < 0 or (low > high / 2 and high - low < self._white * NARROW)
        black, white = (low, high) if offset and not empty else (0.0, self._white)
        if integers:
            levels = np.arange(65536, dtype=np.float32)
            return _scale(levels, black, white)[np.asarray(pixels, np.uint16)], note
        return _scale(pixels, black, white), note

    def _remember(self, low: float, high: float) -> tuple[float, float]:
        if self._range is not None:
            before = self._range
            low = min(low, before[0] + FORGET * (low - before[0]))
            high = max(high, before[1] + FORGET * (high - before[1]))
        self._range = low, high
        return low, high


class PixelRanges:
    """The ranges of several streams. Not for several threads at once."""

    def __init__(self) -> None:
        self._ranges: dict[str, PixelRange] = {}

    def of(self, stream: str) -> PixelRange:
        """Range of a stream, named for instance by the coordinate frame of its camera."""
        if stream not in self._ranges and len(self._ranges) >= STREAMS:
            self._ranges.clear()
        return self._ranges.setdefault(stream, PixelRange())


def _extent(pixels: np.ndarray) -> tuple[float, float]:
    rows, columns = (max(1, side // SAMPLES) for side in pixels.shape[:2])
    with np.errstate(invalid="ignore"):  # NaN and infinity
        sample = np.asarray(pixels[::rows, ::columns], np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        raise ValueError("no pixel is a finite number")
    low, high = np.percentile(sample, (OUTLIERS, 100 - OUTLIERS))
    if max(-low, high) > 1e30:
        raise ValueError(f"the pixels are between {low:g} and {high:g}, which are no grey levels")
    return float(low), float(high)


def _scale(pixels: np.ndarray, black: float, white: float) -> Pixels:
    with np.errstate(invalid="ignore"):
        values = np.nan_to_num(np.clip(pixels, black, white).astype(np.float32), nan=black)
    return np.clip((values - black) * (255 / (white - black)) + 0.5, 0, 255).astype(np.uint8)
