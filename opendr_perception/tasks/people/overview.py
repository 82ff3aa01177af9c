"""A cheap first look at a large image: where people may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.tasks.imaging import Heatmap, Image, Pixels, to_bgr
from opendr_perception.tasks.nms import Candidates, Detections
from opendr_perception.tasks.people.detection import DetectorLook, PersonDetector

CELL = 8
"""Pixels of a cell of the detector's heatmap: its finest stride."""


class Overview(Protocol):
    """Tells roughly where people are."""

    def __call__(self, pixels: Pixels) -> Heatmap:
        """Look at an image (H, W, 3) uint8 BGR."""


@dataclass(frozen=True, eq=False)
class DetectorHeatmap(Heatmap):
    """Heatmap by a person detector.

    Args:
        look: from which it is.
    """

    look: DetectorLook


class DetectorOverview:
    """A person detector's own certainty: in each cell, that of the best box that reaches into it.

    Args:
        session: the zoo's `nanodet`, or a model like it.
        faintest: boxes below this score are left out.
    """

    def __init__(self, session: Session, faintest: float = 0.05) -> None:
        self._detector = PersonDetector(session, faintest, _KeepAll())

    def __call__(self, pixels: Pixels) -> DetectorHeatmap:
        height, width = pixels.shape[:2]
        [look] = self._detector.look([Image(pixels, "bgr8")], max(height, width))
        found = self._detector.choose(look)
        cells = found.boxes / CELL
        starts, ends = np.floor(cells[:, :2]).astype(int), np.ceil(cells[:, 2:]).astype(int)
        values = np.zeros((-(-height // CELL), -(-width // CELL)), np.float32)
        for k in np.argsort(found.scores, kind="stable"):  # the best last, over the others
            values[starts[k, 1] : ends[k, 1], starts[k, 0] : ends[k, 0]] = found.scores[k]
        return DetectorHeatmap(values, CELL, CELL / 2, look)


class _KeepAll:
    """No suppression."""

    weakest = 1.0

    def __call__(self, candidates: Candidates) -> Detections:
        return candidates.proposals


def pool(image: Image, base_height: int) -> tuple[Pixels, int]:
    """Average blocks of pixels, so many that the shorter side comes near to a base height but not below it.

    Args:
        image: any image.
        base_height: pixels.

    Returns:
        The small image (H // k, W // k, 3) uint8 BGR, without what is left over at the right and lower border; and
        the side k of the blocks, 1 for an image that is not larger than the base height.
    """
    k = pooling(image, base_height)
    height, width = image.height // k, image.width // k
    whole = image.pixels[: height * k, : width * k]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA) if k > 1 else whole
    return to_bgr(Image(np.asarray(small, np.uint8), image.encoding)), k


def pooling(image: Image, base_height: int) -> int:
    """The side of the blocks that `pool` averages."""
    return max(1, min(image.height, image.width) // base_height)
