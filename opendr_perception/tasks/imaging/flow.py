"""Sparse optical flow of points from one image to the next [Lucas and Kanade 1981; in pyramids, Bouguet 2000]."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging.image import Image, Pixels, to_bgr

LONGEST = 800
"""Pixels of the longer side at which larger images are looked at, which bounds the time."""
WINDOW = (15, 15)
LEVELS = 3
ASTRAY = 1.0
"""Pixels from which a point that is followed forth and back again [Kalal 2010] must not end up away."""

Places = npt.NDArray[np.float32]
"""(..., 2) x, y in pixels of the source image."""


@dataclass(frozen=True, eq=False)
class Grey:
    """Grey image for optical flow.

    Args:
        pixels: (h, w) uint8.
        scale: of them to the source image.
    """

    pixels: Pixels
    scale: float

    @classmethod
    def of(cls, image: Image) -> Grey:
        """An image in shades of grey, reduced if it is large; a copy."""
        scale = min(1.0, LONGEST / max(image.height, image.width))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small = image if scale == 1.0 else Image(np.asarray(cv2.resize(image.pixels, size)), image.encoding)
        if small.encoding == "mono8":
            return cls(small.pixels.reshape(small.height, small.width).copy(), scale)
        return cls(np.asarray(cv2.cvtColor(to_bgr(small), cv2.COLOR_BGR2GRAY), np.uint8), scale)

    def follow(self, points: Places, later: Grey) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Follow points of this image into a later one of the same size.

        Args:
            points: (..., 2) float32.
            later: the other image.

        Returns:
            The points, (..., 2) float32, and which of them were found, (...) bool; others have stayed where they were.
        """
        if not points.size:
            return points, np.zeros(points.shape[:-1], bool)
        start = np.ascontiguousarray(points.reshape(-1, 1, 2) * self.scale, np.float32)
        end, forth = self._track(start, later)
        back, there = later._track(end, self)
        found = forth & there & (np.linalg.norm((back - start).reshape(-1, 2), axis=1) < ASTRAY)
        moved = np.where(found[:, None], end.reshape(-1, 2) / self.scale, points.reshape(-1, 2))
        return moved.reshape(points.shape).astype(np.float32), found.reshape(points.shape[:-1])

    def _track(self, points: Places, later: Grey) -> tuple[Places, npt.NDArray[np.bool_]]:
        # None: the points are not guessed; the stubs of OpenCV do not know that
        end, found, _ = cv2.calcOpticalFlowPyrLK(
            self.pixels,
            later.pixels,
            points,
            None,
            winSize=WINDOW,
            maxLevel=LEVELS,  # type: ignore[call-overload]
        )
        return np.asarray(end, np.float32), np.asarray(found).ravel() > 0
