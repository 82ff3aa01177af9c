"""Images made worse, as distance, darkness, lenses and transmissions do, to see whether answers hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Way = Callable[[Pixels], Pixels]

NOISE = 2.0
"""Grey levels of a camera's noise, where it is dark."""


def resized(width: int, height: int) -> Way:
    """To a size in pixels."""
    return lambda pixels: np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def darkened(times: float, rng: np.random.Generator) -> Way:
    """With so many times less light, and the noise of a camera."""
    return lambda p: (p / times + rng.normal(0, NOISE, p.shape)).round().clip(0, 255).astype(np.uint8)


def blurred(sigma: float) -> Way:
    """By a Gaussian of `sigma` pixels."""
    return lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def compressed(quality: int) -> Way:
    """As JPEG of a quality of 1 to 100 brings it."""

    def way(pixels: Pixels) -> Pixels:
        _, data = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)

    return way


def one_after_the_other(ways: Sequence[Way]) -> Way:
    """All of them."""

    def way(pixels: Pixels) -> Pixels:
        for each in ways:
            pixels = each(pixels)
        return pixels

    return way
