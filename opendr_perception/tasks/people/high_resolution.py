"""Find people in large images at the cost of small ones: glance at the whole, look closer where somebody may be.

A glance at the image, pooled to a base height, gives a rough heatmap of people. Boxes around what is hot in it are
cut out of the original image, and looked at in a resolution that shows people well.
Where there is nobody, the glance is all the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.imaging import Heatmap, Image, regions
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.detection import DetectorLook, PersonDetector
from opendr_perception.tasks.people.overview import DetectorHeatmap, Overview, pool, pooling
from opendr_perception.tasks.people.regions import areas, distances, merge, surround

MOST_PARTS = 64
"""With more of them, people are everywhere."""


@dataclass(frozen=True)
class ScaledCrop:
    """A part of an image, and the scale at which to look at it.

    Args:
        left, top, right, bottom: pixels of the image, right and bottom not included.
        scale: pixels looked at per pixel of the image.
        core: x_min, y_min, x_max, y_max of what is hot in it, in pixels of the image.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    core: tuple[float, float, float, float]

    def crop(self, image: Image) -> Image:
        """The part, without copying it."""
        return Image(image.pixels[self.top : self.bottom, self.left : self.right], image.encoding)

    def is_all_of(self, image: Image) -> bool:
        """True if nothing of an image is left out."""
        return (self.right - self.left, self.bottom - self.top) == (image.width, image.height)

    @property
    def longest(self) -> int:
        """The longer side in pixels, as it is looked at."""
        return max(1, round(max(self.right - self.left, self.bottom - self.top) * self.scale))


@dataclass(frozen=True)
class Resolution:
    """Resolution of the closer look.

    Args:
        base_height_1: pixels to which the shorter side is pooled for the glance.
        base_height_2: pixels of the height of what is looked at. All parts together never have more pixels than the
            whole image would have at this height, so that no scene takes longer than that.
        threshold: of the heatmap.
        margin: around what is hot, as a fraction of its size, on each side.
        full_frame_ratio: when the parts together are this fraction of the image, all of it is looked at, once.
        max_upscale: largest scale; enlarging more takes time and shows nothing new.
        smallest: pixels of the sides of a part.

    Raises:
        ValueError: one is out of range.
    """

    base_height_1: int = 360
    base_height_2: int = 200
    threshold: float = 0.25
    margin: float = 0.3
    full_frame_ratio: float = 0.85
    max_upscale: float = 1.0
    smallest: int = 64

    def __post_init__(self) -> None:
        if min(self.base_height_1, self.base_height_2, self.smallest) < 1:
            raise ValueError(f"base heights and the smallest part must be positive: {self}")
        if not (0 < self.threshold <= 1 and 0 < self.full_frame_ratio <= 1):
            raise ValueError(f"threshold and full_frame_ratio must be in (0, 1]: {self}")
        if self.margin < 0 or self.max_upscale <= 0:
            raise ValueError(f"margin must not be negative, and max_upscale must be positive: {self}")


class RegionProposer:
    """Decides what to look at.

    Args:
        overview: tells roughly where people are.
        resolution: of the glance and of what it decides.
    """

    def __init__(self, overview: Overview, resolution: Resolution = Resolution()) -> None:
        self.overview = overview
        self.resolution = resolution

    def __call__(self, image: Image) -> list[ScaledCrop]:
        """The parts of an image that show people; none if there is nobody."""
        return self.glance(image)[0]

    def glance(self, image: Image) -> tuple[list[ScaledCrop], Heatmap | None, int]:
        """The same; and the heatmap by which it was decided, in blocks of so many pixels. None for a small image."""
        k = pooling(image, self.resolution.base_height_1)
        if k == 1:  # nothing is saved: a glance would be all the work
            return self._whole(image), None, k
        heatmap = self.overview(pool(image, self.resolution.base_height_1)[0])
        return self._parts(image, heatmap, k), heatmap, k

    def _parts(self, image: Image, heatmap: Heatmap, k: int) -> list[ScaledCrop]:
        cores = regions(heatmap, self.resolution.threshold).boxes.astype(np.float64) * k
        if len(cores) > MOST_PARTS:
            return self._whole(image)
        surroundings = self.resolution.margin, self.resolution.smallest, (image.width, image.height)
        cores = merge(cores, *surroundings)
        parts = surround(cores, *surroundings)
        if areas(parts).sum() >= self.resolution.full_frame_ratio * image.width * image.height:
            return self._whole(image)
        inside = areas(parts) > 0
        return self._views(parts[inside], cores[inside], image)

    def _whole(self, image: Image) -> list[ScaledCrop]:
        """All of an image, no smaller than in a glance."""
        base = max(self.resolution.base_height_1, self.resolution.base_height_2)
        scale = min(base / min(image.height, image.width), self.resolution.max_upscale)
        return [ScaledCrop(0, 0, image.width, image.height, scale, (0, 0, image.width, image.height))]

    def _views(self, parts: np.ndarray, cores: np.ndarray, image: Image) -> list[ScaledCrop]:
        """The parts with their scales: the heights equal, unless that makes too many pixels."""
        base = self.resolution.base_height_2
        scales = np.minimum(base / (parts[:, 3] - parts[:, 1]), self.resolution.max_upscale)
        budget = base**2 * max(image.height, image.width) / min(image.height, image.width)
        excess = (areas(parts) * scales**2).sum() / budget
        scales /= np.sqrt(max(excess, 1.0))
        sides = parts.astype(int).T.tolist()
        return [ScaledCrop(*view) for view in zip(*sides, scales.tolist(), map(tuple, cores.tolist()), strict=True)]


def assign_to_crop(boxes: np.ndarray, views: Sequence[ScaledCrop], number: int) -> np.ndarray:
    """Assign people who were found in one of several views to it, or to another one.

    Views may overlap, and then the same person may be seen in two, in one of them only in part. Who is in the middle of
    several views belongs to that whose core is nearest.

    Args:
        boxes: (n, 4) of the people, in pixels of the image.
        views: all that were looked at.
        number: of the view in which they were found.

    Returns:
        (n,) bool.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = distances(centres, np.array([view.core for view in views]))
    outside = distances(centres, np.array([(v.left, v.top, v.right, v.bottom) for v in views])) > 0
    return np.asarray(np.where(outside, np.inf, away).argmin(axis=1) == number)


class HighResolutionDetector:
    """Detects people in large images, in the parts that a glance points out.

    Where people are everywhere, and the same network has glanced as closely as it would look now, that is the answer.

    Args:
        detector: of the people in each part.
        glance: finds the parts.
    """

    def __init__(self, detector: PersonDetector, glance: RegionProposer) -> None:
        self.detector = detector
        self.glance = glance

    def __call__(self, images: Sequence[Image]) -> list[Detections]:
        """Find the people in each image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> Detections:
        views, heatmap, k = self.glance.glance(image)
        if (look := self._looked(image, views, heatmap, k)) is not None:
            return self.detector.choose(look)
        boxes, scores = np.empty((0, 4), np.float32), np.empty(0, np.float32)
        for number, view in enumerate(views):
            [found] = self.detector([view.crop(image)], view.longest)
            placed = found.boxes + np.array([view.left, view.top] * 2, np.float32)
            own = assign_to_crop(placed, views, number)
            boxes, scores = np.concatenate([boxes, placed[own]]), np.concatenate([scores, found.scores[own]])
        return Detections(boxes, scores)[np.argsort(-scores, kind="stable")]

    def _looked(
        self, image: Image, views: Sequence[ScaledCrop], heatmap: Heatmap | None, k: int
    ) -> DetectorLook | None:
        """The look of the detector at all of the image, if the glance was one and nothing closer is wanted."""
        if not isinstance(heatmap, DetectorHeatmap) or heatmap.look.session is not self.detector.session:
            return None
        wanted = [view for view in views if view.is_all_of(image) and view.scale * k <= 1 + 1e-9]
        return heatmap.look.at(image, k) if wanted else None
