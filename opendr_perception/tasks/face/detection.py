"""Find faces in images with BlazeFace, small ones in large images too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.imaging import Image, Letterbox, Pixels, letterbox
from opendr_perception.tasks.nms import Detections, area, greedy_nms, iou
from opendr_perception.tasks.shapes import Landmarks

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)
"""Places of the landmarks; right and left are the person's own."""

LANDMARKS = 6

CANVAS = 256
"""Side in pixels of the image that the network takes."""

LEVELS = ((16, 2), (32, 6))
"""For each of its maps: pixels from cell to cell, and anchors of a cell."""

COVERED = 0.6
"""Share of a box that lies in a better one of another pass, from which on both are one face."""

SMALLEST = 1 / 16
"""The smallest face that the network finds, over the longer side of what it looks at."""

TILES_IN_LENGTH = 3
"""At most so many tiles (without overlap) make the length of an image; in larger images tiles grow."""

TILE_OVERLAP = SMALLEST * TILES_IN_LENGTH
"""Share of a tile that its neighbour sees too. Larger faces are left to the whole image's pass, which finds them:
here they may be cut, and what looks like one is often none."""

TILED_FROM = 1.5
"""An image is looked at in tiles when it is so many times longer than a tile."""

BORDER = 0.25
"""Share of the longer side by which an image is continued on each side when it is looked at again."""

NEAR_BORDER = 0.5
"""A face is seen better with a border when its box, longer by this share of its side, leaves the image."""


@dataclass(frozen=True)
class Faces:
    """Faces found in one image, best first.

    Args:
        detections: their boxes, inside the image, and scores.
        landmarks: (n, 6, 2) float32, x, y in source pixels, possibly outside of the image: right eye, left eye, nose
            tip, mouth, right ear, left ear.
    """

    detections: Detections
    landmarks: Landmarks

    def __post_init__(self) -> None:
        if self.landmarks.shape != (len(self.detections), LANDMARKS, 2):
            raise ValueError(f"landmarks {self.landmarks.shape} do not belong to {len(self.detections)} faces")

    def __len__(self) -> int:
        return len(self.detections)

    def __getitem__(self, index: np.ndarray | slice) -> Faces:
        return Faces(self.detections[index], self.landmarks[index])


class FaceDetector:
    """BlazeFace [Bazarevsky 2019], the model for back cameras, on whole images and on tiles of large ones.

    Args:
        session: the zoo's `blazeface`, or a model with the same input and outputs.
        score_threshold: faces below it are dropped.
        iou_threshold: boxes that overlap more belong to one face.
        tile_size: side in pixels of the tiles in which a large image is looked at a second time; 0 for never. The
            smallest face that is found has about 1/16 of it; the time grows with the number of tiles. Images longer
            than three tiles get tiles of a third of their length.
        border: share of the longer side by which an image's edges are repeated around it when it is looked at once
            more, for faces that fill it or are cut by it; 0 for not, which saves the time of that pass.

    Raises:
        ValueError: tile_size or border is outside of its range.
        EngineError: it is no such model.
    """

    def __init__(
        self,
        session: Session,
        score_threshold: float = 0.5,
        iou_threshold: float = 0.3,
        tile_size: int = 640,
        border: float = BORDER,
    ) -> None:
        if tile_size < 0:
            raise ValueError(f"tile_size must not be negative, got {tile_size}")
        if not 0 <= border <= 1:
            raise ValueError(f"border must be in [0, 1], got {border:g}")
        anchors = len(anchor_centres())
        session.expect(
            inputs=[Tensor("image", (None, CANVAS, CANVAS, 3), np.dtype(np.uint8))],
            outputs=[
                Tensor("boxes", (None, anchors, 4 + 2 * LANDMARKS), np.dtype(np.float32)),
                Tensor("scores", (None, anchors), np.dtype(np.float32)),
            ],
        )
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.tile_size = tile_size
        self.border = border
        self._session = session
        self._anchors = anchor_centres()

    def __call__(self, images: Sequence[Image]) -> list[Faces]:
        """Find the faces in each image."""
        views = [
            (number, view) for number, image in enumerate(images) for view in _views(image, self.tile_size, self.border)
        ]
        canvases = np.empty((len(views), CANVAS, CANVAS, 3), np.uint8)
        places = [view.fill(canvases[k]) for k, (_, view) in enumerate(views)]
        if not views:
            return []
        outputs = self._session.run_batch({"image": canvases})
        found: list[list[_Candidates]] = [[] for _ in images]
        for k, (number, view) in enumerate(views):
            candidates = self._select(outputs["boxes"][k], outputs["scores"][k])
            points = places[k].to_source(candidates.points) + np.array(view.corner, np.float32)
            found[number].append(_Candidates(points, candidates.scores).of(view, images[number]))
        return [_merge(passes, image) for passes, image in zip(found, images, strict=True)]

    def _select(self, raw: np.ndarray, scores: np.ndarray) -> _Candidates:
        """The faces of one canvas, in its pixels."""
        sure = np.flatnonzero(scores > self.score_threshold)
        points = decode(raw[sure], self._anchors[sure])
        finite = np.isfinite(points).all(axis=(1, 2))
        return _blend(_Candidates(points[finite], scores[sure][finite]), self.iou_threshold)


def anchor_centres() -> np.ndarray:
    """Middles (896, 2) of the anchors' cells: x, y in canvas pixels, in BlazeFace's order."""
    levels = []
    for stride, anchors in LEVELS:
        steps = (np.arange(CANVAS // stride, dtype=np.float32) + 0.5) * stride
        x, y = np.meshgrid(steps, steps)
        levels.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), anchors, axis=0))
    return np.concatenate(levels)


def decode(raw: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Boxes and landmarks from BlazeFace's outputs.

    Args:
        raw: (n, 16) centre, size and landmarks in pixels; all but the size are relative to the anchor.
        centres: (n, 2) rows of `anchor_centres`.

    Returns:
        (n, 8, 2) x, y in canvas pixels: upper left and lower right corner of the box, then the landmarks.
    """
    pairs = raw.reshape(-1, 2 + LANDMARKS, 2)
    middle, half = pairs[:, :1] + centres[:, None], pairs[:, 1:2] / 2
    return np.concatenate([middle - half, middle + half, pairs[:, 2:] + centres[:, None]], axis=1)


@dataclass(frozen=True)
class _Candidates:
    """Faces as points (n, 8, 2), the box's two corners first, their scores (n,), and whether a border was around."""

    points: np.ndarray
    scores: np.ndarray
    bordered: bool = False

    @property
    def boxes(self) -> np.ndarray:
        return self.points[:, :2].reshape(-1, 4)

    def of(self, view: _View, image: Image) -> _Candidates:
        """Those that a tile sees whole, and that are small enough for it; near the border those that it helps."""
        if view.border:
            return self._near_border(image)
        if view.image is image:
            return self
        low = [corner if corner > 0 else -np.inf for corner in view.corner]
        ends = (view.corner[0] + view.image.width, view.corner[1] + view.image.height)
        high = [end if end < size else np.inf for end, size in zip(ends, (image.width, image.height), strict=True)]
        whole = (self.boxes >= [*low, *low]).all(axis=1) & (self.boxes <= [*high, *high]).all(axis=1)
        small = (self.points[:, 1] - self.points[:, 0]).max(axis=1) <= TILE_OVERLAP * max(view.image.pixels.shape[:2])
        return _Candidates(self.points[whole & small], self.scores[whole & small])

    def _near_border(self, image: Image) -> _Candidates:
        """Those around whom a part of the image is missing, and of whom at least half is in it."""
        low, high = self.points[:, 0], self.points[:, 1]
        reach = NEAR_BORDER * (high - low)
        size = np.array([image.width, image.height], np.float32)
        leaves = ((low < reach) | (high > size - reach)).any(axis=1)
        inside = np.prod(np.clip(high, 0, size) - np.clip(low, 0, size), axis=1)
        chosen = leaves & (inside >= 0.5 * np.prod(high - low, axis=1))
        return _Candidates(self.points[chosen], self.scores[chosen], bordered=True)


@dataclass(frozen=True)
class _View:
    """A part of an image, where its upper left corner is in it, and the share of a border around it."""

    image: Image
    corner: tuple[int, int] = (0, 0)
    border: float = 0.0

    def fill(self, canvas: Pixels) -> Letterbox:
        """Fit it into a canvas for the network."""
        if not self.border:
            return letterbox(self.image, (CANVAS, CANVAS), "rgb", out=canvas)[1]
        scale = CANVAS / (1 + 2 * self.border) / max(self.image.width, self.image.height)
        height, width = (max(1, round(side * scale)) for side in (self.image.height, self.image.width))
        inner, place = letterbox(self.image, (height, width), "rgb")
        top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
        bottom, right = CANVAS - height - top, CANVAS - width - left
        cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE, dst=canvas)
        return Letterbox(place.scale, (place.offset[0] + left, place.offset[1] + top))


def _views(image: Image, tile: int, border: float) -> Iterator[_View]:
    """The whole image, then again with a border, then the tiles of a large one."""
    yield _View(image)
    if border:
        yield _View(image, border=border)
    length = max(image.width, image.height)
    if tile == 0 or length < TILED_FROM * tile:
        return
    tile = max(tile, -(-length // TILES_IN_LENGTH))
    for y in _starts(image.height, tile):
        for x in _starts(image.width, tile):
            yield _View(Image(image.pixels[y : y + tile, x : x + tile], image.encoding), (x, y))


def _starts(length: int, tile: int) -> list[int]:
    """Starts of evenly spread tiles that cover a length with overlap."""
    if length <= tile:
        return [0]
    number = int(np.ceil((length - tile) / (tile * (1 - TILE_OVERLAP)))) + 1
    return np.linspace(0, length - tile, number).round().astype(int).tolist()


def _blend(candidates: _Candidates, iou_threshold: float) -> _Candidates:
    """Non-maximum suppression that averages what it suppresses, so that faces tremble less [Bazarevsky 2019, 3.4]."""
    boxes, points, scores = candidates.boxes, candidates.points, candidates.scores
    kept = greedy_nms(boxes, scores, iou_threshold)
    blended = np.empty((len(kept), *points.shape[1:]), np.float32)
    for place, best in enumerate(kept):
        weights = np.where(iou(boxes[best], boxes) > iou_threshold, scores, 0)
        blended[place] = np.einsum("n,nij->ij", weights / weights.sum(), points)
    return _Candidates(blended, scores[kept])


def _merge(passes: Sequence[_Candidates], image: Image) -> Faces:
    """One face of what several passes have seen of it, whatever their sizes.

    Of overlapping ones it is the one that was seen with a border, if there is one: without it, the landmarks of a face
    that fills the image are less exact, even where the score is higher. Otherwise it is the better one.
    """
    points = np.concatenate([found.points for found in passes])
    scores = np.concatenate([found.scores for found in passes])
    bordered = np.repeat([found.bordered for found in passes], [len(found.scores) for found in passes])
    boxes = np.clip(points[:, :2].reshape(-1, 4), 0, [image.width, image.height] * 2).astype(np.float32)
    kept: list[int] = []
    for index in np.lexsort([-scores, ~bordered]):
        if area(boxes[index : index + 1])[0] > 0 and not _covered(boxes[index], boxes[kept]):
            kept.append(int(index))
    kept.sort(key=lambda index: -scores[index])
    return Faces(Detections(boxes[kept], scores[kept].astype(np.float32)), points[kept, 2:].astype(np.float32))


def _covered(box: np.ndarray, others: np.ndarray) -> bool:
    """True if a box (4,) and one of others (n, 4) are mostly inside of each other."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    smaller = np.minimum(area(others), area(box[None]))
    return bool((shared > COVERED * smaller).any())
