"""See roughly where people are, in large images, with a very small network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.imaging import Heatmap, Pixels

WINDOW = 64
"""Pixels of the window that decides about a cell, and height of the largest people that it knows."""
SCALES = (1.0, 0.5, 0.25, 0.125)
"""Each finds people twice as large as the one before."""


class HumanPresence:
    """A network that slides a window over images in several sizes, and says where there is somebody in its middle.

    The cells of its heatmap are squares of `stride` pixels that cover the image from its upper left corner; those at
    the right and lower border may reach beyond it.

    Args:
        session: the zoo's `presence-1080p`, or a model with the same input, output and metadata.
        scales: sizes in which an image is looked at, as fractions; in 1 people of 32 to 64 pixels are found, in 0.5
            those of 64 to 128. Sizes in which the image would be smaller than the window are left out.
        longest: pixels of the longer side of an image, to which larger ones are reduced; the scales are those of the
            reduced image.

    Raises:
        EngineError: the model is another one.
        ValueError: a scale is not above 0 and at most 1, or there is none; or `longest` is too small.
    """

    def __init__(self, session: Session, scales: Sequence[float] = SCALES, longest: int = 1920) -> None:
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[Tensor("presence", (None, None, None), np.dtype(np.float32))],
        )
        try:
            self.stride = int(session.metadata["stride"])
            self._offset = float(session.metadata["offset"])
            self._margin = math.ceil(self._offset - self.stride / 2)  # so that the first cell lies at the corner
            if self.stride < 1 or self._margin < 0:
                raise ValueError("they are too small")
        except (KeyError, ValueError, OverflowError) as error:
            raise EngineError(f"{session.path}: its metadata do not say stride and offset of its cells") from error
        if longest < WINDOW:
            raise ValueError(f"longest must be at least {WINDOW}, got {longest}")
        check_scales(scales)
        self.scales, self.longest = tuple(scales), longest
        self._session = session

    def __call__(self, pixels: Pixels) -> Heatmap:
        """Look at an image.

        Args:
            pixels: (H, W, 3) uint8 BGR, at least 64 pixels a side.

        Raises:
            ValueError: the image is too small.
        """
        height, width = pixels.shape[:2]
        if min(height, width) < WINDOW:
            raise ValueError(f"an image must have at least {WINDOW} pixels a side, not {width}x{height}")
        fused = np.zeros((-(-height // self.stride), -(-width // self.stride)), np.float32)
        for size in self._sizes(height, width):
            resized = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            cells = self._look(np.asarray(resized, np.uint8))
            np.maximum(fused, self._spread(cells, (width / size[0], height / size[1]), fused.shape), out=fused)
        return Heatmap(fused, self.stride, self.stride / 2)

    def _sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """(width, height) of the images to look at; there is always one that is large enough for the window."""
        least, most = WINDOW / min(height, width), min(1.0, self.longest / max(height, width))
        scales = {scale * most for scale in self.scales if scale * most >= least} or {least}
        return [(round(width * scale), round(height * scale)) for scale in sorted(scales)]

    def _look(self, pixels: Pixels) -> np.ndarray:
        """Probabilities (h, w) of one image, which is mirrored at its borders so that windows reach beyond them."""
        before, after = self._margin, self._margin + self.stride
        mirrored = cv2.copyMakeBorder(pixels, before, after, before, after, cv2.BORDER_REFLECT_101)
        return self._session.run({"image": np.asarray(mirrored)[None]})["presence"][0]

    def _spread(self, cells: np.ndarray, scale: tuple[float, float], shape: tuple[int, ...]) -> np.ndarray:
        """Bring the cells of one size of the image to those of the heatmap."""
        first = (self._offset - self._margin) / self.stride  # of a cell's centre, in cells from the image's corner
        # From the index of a cell of the heatmap: to its centre, to the other size, and to the index of a cell there.
        matrix = np.array([[1 / scale[0], 0, 0.5 / scale[0] - first], [0, 1 / scale[1], 0.5 / scale[1] - first]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        spread = cv2.warpAffine(cells, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(spread, np.float32)


def check_scales(scales: Sequence[float]) -> None:
    """Check sizes in which images are to be looked at.

    Raises:
        ValueError: a scale is not above 0 and at most 1, or there is none.
    """
    if not scales or not all(0 < scale <= 1 for scale in scales):
        raise ValueError(f"scales must be above 0 and at most 1, at least one of them, got {list(scales)}")
