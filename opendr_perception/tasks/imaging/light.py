"""Dark images, made easier to read for networks that have learned by daylight."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception.tasks.imaging.image import Image, to_bgr

CLIP, CELLS = 3.0, 8
"""Of CLAHE: limit of the contrast, and cells along each side."""
SAMPLED = 8
"""Only every so many rows and columns are looked at to tell how dark an image is."""


def is_dark(image: Image, level: float) -> bool:
    """True if the mean of an image's colours, 0 to 255, is below a level."""
    seen = image.pixels[::SAMPLED, ::SAMPLED]
    return float((seen if seen.ndim == 2 else seen[..., :3]).mean()) < level


def lit(image: Image) -> Image:
    """An image whose contrast is stretched in each part of it, by its lightness (CLAHE [Zuiderveld 1994]).

    A power of the whole image's values (gamma) was tried too: it makes people in the dark harder to find.
    """
    spread = cv2.createCLAHE(CLIP, (CELLS, CELLS))
    if image.encoding == "mono8":
        grey = np.ascontiguousarray(image.pixels.reshape(image.pixels.shape[:2]))
        return Image(np.asarray(spread.apply(grey), np.uint8), "mono8", image.note)
    colours = cv2.cvtColor(to_bgr(image) if image.encoding != "bgr8" else image.pixels, cv2.COLOR_BGR2LAB)
    colours[..., 0] = spread.apply(colours[..., 0])
    return Image(np.asarray(cv2.cvtColor(colours, cv2.COLOR_LAB2BGR), np.uint8), "bgr8", image.note)
