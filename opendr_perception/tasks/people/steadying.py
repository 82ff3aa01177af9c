"""Motion of the camera between images, by phase correlation [Kuglin 1975]: a translation of the whole image.

A robot that turns moves all people across its image, each by about as much. Rotation about the line of sight and
scale are left to the motion model: added up over minutes they would drift, a translation does not matter.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging import Image

SIZE = (160, 120)
"""Width and height, pixels, of the images that are compared."""
LEAST_RESPONSE = 0.1
"""Share of the correlation in its peak, below which two images have too little in common."""
STILL = 0.25
"""Pixels of these up to which a camera stands still: people who walk move the peak a little."""
BETTER = 0.7
"""Share of the difference between two images beside people that must be left after the translation."""


class CameraMotion:
    """Adds up by how much the image has moved since the first one."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float32] | None = None
        self._beside: npt.NDArray[np.bool_] | None = None
        self._size = (0, 0)
        self._moved = (0.0, 0.0)

    def see(self, image: Image, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Take note of the next image.

        Args:
            image: of the camera.
            boxes: (n, 4) of people, pixels, whose own motion tells nothing.

        Returns:
            The translation (4,) of boxes, pixels, from the first image to this one.
        """
        pixels = image.pixels if image.pixels.ndim == 2 else image.pixels[..., 1 % image.pixels.shape[2]]
        small = np.asarray(cv2.resize(np.asarray(pixels, np.float32), SIZE, interpolation=cv2.INTER_AREA), np.float32)
        size = image.width, image.height
        beside = _beside(boxes * np.tile([SIZE[0] / size[0], SIZE[1] / size[1]], 2))
        if self._before is not None and self._beside is not None and size == self._size:
            across, down = _translation(self._before, small, self._beside & beside)
            self._moved = self._moved[0] + across * size[0] / SIZE[0], self._moved[1] + down * size[1] / SIZE[1]
        self._before, self._beside, self._size = small, beside, size
        return np.array([*self._moved, *self._moved], np.float32)


def _beside(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mask of a small image that is true where no box (n, 4) is."""
    mask = np.ones((SIZE[1], SIZE[0]), np.bool_)
    for left, top, right, bottom in boxes:
        mask[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = False
    return mask


def _translation(
    before: npt.NDArray[np.float32], now: npt.NDArray[np.float32], beside: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """By how many pixels a small image has moved; nothing unless what is beside people agrees better then."""
    window = cv2.createHanningWindow(SIZE, cv2.CV_32F)
    (across, down), response = cv2.phaseCorrelate(before.copy(), now.copy(), window)  # it overwrites what it is given
    if response < LEAST_RESPONSE or max(abs(across), abs(down)) < STILL:
        return 0.0, 0.0
    shift = np.array([[1, 0, across], [0, 1, down]])
    moved = cv2.warpAffine(before, shift, SIZE, borderValue=float("nan"))
    inside = beside & np.isfinite(moved)
    if not inside.any():
        return 0.0, 0.0
    rest = float(np.abs(moved - now)[inside].mean())
    return (across, down) if rest < BETTER * float(np.abs(before - now)[inside].mean()) else (0.0, 0.0)
