"""Find faces in images, small ones in large images too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.engine.session import Outputs, Session
from opendr_perception.tasks.face.formats import LANDMARKS, common_boxes, detector_format
from opendr_perception.tasks.face.geometry import with_ears
from opendr_perception.tasks.imaging import Fit, Image, Letterbox, PinholeCamera, Pixels, letterbox
from opendr_perception.tasks.nms import Detections, area, greedy_nms, iou
from opendr_perception.tasks.shapes import Landmarks

COVERED = 0.6
"""Share of a box that lies in a better one of another pass, from which on both are one face."""

SMALLEST = 1 / 16
"""The smallest face that BlazeFace finds, over the longer side of what it looks at."""

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
        ears: the ears were seen; else they are where an average head in this pose has them.
    """

    detections: Detections
    landmarks: Landmarks
    ears: bool = True

    def __post_init__(self) -> None:
        if self.landmarks.shape != (len(self.detections), LANDMARKS, 2):
            raise ValueError(f"landmarks {self.landmarks.shape} do not belong to {len(self.detections)} faces")

    def __len__(self) -> int:
        return len(self.detections)

    def __getitem__(self, index: np.ndarray | slice) -> Faces:
        return Faces(self.detections[index], self.landmarks[index], self.ears)


class FaceDetector:
    """A detector on whole images and on tiles of large ones.

    Boxes are square and from chin to brows, as those of BlazeFace, whatever the network's are.

    Args:
        session: the zoo's `blazeface`, or a model of one of `tasks.face.formats`.
        score_threshold: faces below it are dropped.
        iou_threshold: boxes that overlap more belong to one face.
        tile_size: side in pixels of the tiles in which a large image is looked at a second time; 0 for never. The
            smallest face that is found has about 1/16 of it; the time grows with the number of tiles. Images longer
            than three tiles get tiles of a third of their length.
        border: share of the longer side by which an image's edges are repeated around it when it is looked at once
            more, for faces that fill it or are cut by it; 0 for not, which saves the time of that pass.

    Raises:
        ValueError: tile_size or border is outside of its range.
        EngineError: it is no face detector.
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
        self._format = detector_format(session)
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.tile_size = tile_size
        self.border = border
        self._session = session

    def __call__(self, images: Sequence[Image]) -> list[Faces]:
        """Find the faces in each image."""
        views = [
            (number, view) for number, image in enumerate(images) for view in _views(image, self.tile_size, self.border)
        ]
        canvases = np.empty((len(views), *self._format.size, 3), np.uint8)
        places = [view.fill(canvases[k], self._format.fit) for k, (_, view) in enumerate(views)]
        if not views:
            return []
        outputs = self._session.run_batch({"image": canvases})
        found: list[list[_Candidates]] = [[] for _ in images]
        for k, (number, view) in enumerate(views):
            candidates = self._select({name: rows[k] for name, rows in outputs.items()})
            points = places[k].to_source(candidates.points) + np.array(view.corner, np.float32)
            found[number].append(_Candidates(points, candidates.scores).of(view, images[number]))
        faces = [_merge(passes, image) for passes, image in zip(found, images, strict=True)]
        if self._format.ears:
            return faces
        return [_complete(each, image) for each, image in zip(faces, images, strict=True)]

    def _select(self, outputs: Outputs) -> _Candidates:
        """The faces of one canvas, in its pixels."""
        found = self._format.decode(outputs, self.score_threshold)
        given = found.points if self._format.ears else found.points[:, :-2]
        finite = np.isfinite(given).all(axis=(1, 2))
        candidates = _Candidates(found.points[finite], found.scores[finite])
        if self._format.blends:
            return _blend(candidates, self.iou_threshold)
        best = greedy_nms(candidates.boxes, candidates.scores, self.iou_threshold)
        return _Candidates(common_boxes(candidates.points[best]), candidates.scores[best])


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

    def fill(self, canvas: Pixels, fit: Fit) -> Letterbox:
        """Fit it into a canvas for the network."""
        size = (canvas.shape[0], canvas.shape[1])
        if not self.border:
            return fit(self.image, size, canvas)[1]
        room = 2 * self.border * max(self.image.width, self.image.height)
        scale = min(size[0] / (self.image.height + room), size[1] / (self.image.width + room))
        height, width = (max(1, round(side * scale)) for side in (self.image.height, self.image.width))
        inner, place = letterbox(self.image, (height, width), fit.order)
        top, left = (size[0] - height) // 2, (size[1] - width) // 2
        bottom, right = size[0] - height - top, size[1] - width - left
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


def _complete(faces: Faces, image: Image) -> Faces:
    """Faces whose ears the network did not give, with ears."""
    camera = PinholeCamera.assumed(image.width, image.height)
    completed = np.array([with_ears(points, camera) for points in faces.landmarks], np.float32)
    return Faces(faces.detections, completed.reshape(-1, LANDMARKS, 2), ears=False)


def _covered(box: np.ndarray, others: np.ndarray) -> bool:
    """True if a box (4,) and one of others (n, 4) are mostly inside of each other."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    smaller = np.minimum(area(others), area(box[None]))
    return bool((shared > COVERED * smaller).any())
