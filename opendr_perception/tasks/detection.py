"""Find people in pictures with NanoDet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.image import Image, Letterbox, letterbox
from opendr_perception.tasks.nms import greedy_nms

PERSON = 0
"""The class of people among COCO's 80."""

STRIDES = (8, 16, 32)
BINS = 11


@dataclass(frozen=True)
class Detections:
    """Objects found in one picture, best first.

    Args:
        boxes: (n, 4) float32, x_min, y_min, x_max, y_max in source pixels, inside the picture.
        scores: (n,) float32 in [0, 1].
    """

    boxes: np.ndarray
    scores: np.ndarray

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"boxes {self.boxes.shape} do not belong to scores {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: np.ndarray | slice) -> Detections:
        return Detections(self.boxes[index], self.scores[index])


class PersonDetector:
    """NanoDet, its class `person`, for the pictures of several cameras at once.

    Args:
        session: the zoo's `nanodet`, or a model with the same input and outputs.
        score_threshold: detections below it are dropped.
        iou_threshold: of two boxes that overlap more, the better one stays.
        input_size: longest side, in pixels, to which pictures are resized; a multiple of 32. Larger finds smaller
            people and costs more, in proportion to its square.
    """

    def __init__(
        self, session: Session, score_threshold: float = 0.4, iou_threshold: float = 0.5, input_size: int = 416
    ) -> None:
        if input_size <= 0 or input_size % STRIDES[-1]:
            raise ValueError(f"input_size must be a positive multiple of {STRIDES[-1]}, got {input_size}")
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[
                Tensor("scores", (None, None, None), np.dtype(np.float32)),
                Tensor("distances", (None, None, 4 * BINS), np.dtype(np.float32)),
            ],
        )
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self._session = session
        self._input_size = input_size

    def __call__(self, images: Sequence[Image]) -> list[Detections]:
        """Find the people in each picture."""
        found: dict[int, Detections] = {}
        for size, members in self._by_canvas(images).items():
            canvases = np.empty((len(members), *size, 3), np.uint8)
            boxes = [letterbox(images[i], size, "bgr", out=canvases[k])[1] for k, i in enumerate(members)]
            outputs = self._session.run_batch({"image": canvases})
            centres = anchor_centres(size)
            for k, i in enumerate(members):
                scores, distances = outputs["scores"][k, :, PERSON], outputs["distances"][k]
                found[i] = self._select(scores, distances, centres, boxes[k], images[i])
        return [found[i] for i in range(len(images))]

    def _by_canvas(self, images: Sequence[Image]) -> dict[tuple[int, int], list[int]]:
        """Indices of the pictures that are resized to the same (height, width): only they can share a batch."""
        groups: dict[tuple[int, int], list[int]] = {}
        for index, image in enumerate(images):
            groups.setdefault(canvas_size(image.height, image.width, self._input_size), []).append(index)
        return groups

    def _select(
        self, scores: np.ndarray, distances: np.ndarray, centres: np.ndarray, box: Letterbox, image: Image
    ) -> Detections:
        candidates = np.flatnonzero(scores > self.score_threshold)
        boxes = box.to_source(decode_boxes(distances[candidates], centres[candidates]))
        boxes = np.clip(boxes, 0, [image.width, image.height] * 2).astype(np.float32)
        finite = np.isfinite(boxes).all(axis=1)  # half precision may overflow
        boxes, scores = boxes[finite], scores[candidates[finite]]
        kept = greedy_nms(boxes, scores, self.iou_threshold)
        return Detections(boxes[kept], scores[kept])


def canvas_size(height: int, width: int, longest: int) -> tuple[int, int]:
    """The smallest (height, width), in multiples of the coarsest stride, around a picture resized to `longest`."""
    stride = STRIDES[-1]
    scale = longest / max(height, width)
    return tuple(max(stride, int(np.ceil(side * scale / stride - 1e-6)) * stride) for side in (height, width))  # type: ignore[return-value]


@lru_cache(maxsize=32)
def anchor_centres(size: tuple[int, int]) -> np.ndarray:
    """Centres and strides of all anchors of a canvas, in NanoDet's order.

    Returns:
        (A, 3) float32: x, y in canvas pixels, and the stride.
    """
    levels = []
    for stride in STRIDES:
        rows, columns = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride), indexing="ij")
        cells = np.stack([columns, rows], axis=-1).reshape(-1, 2)
        levels.append(np.column_stack([(cells + 0.5) * stride, np.full(len(cells), stride)]))
    centres = np.concatenate(levels).astype(np.float32)
    centres.flags.writeable = False  # all callers share it
    return centres


def decode_boxes(distances: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Boxes from NanoDet's distributions over distances [Li 2020, Generalized Focal Loss, eq. 5].

    Args:
        distances: (n, 44) logits of four distributions over 0..10: left, top, right, bottom.
        centres: (n, 3) rows of `anchor_centres`.

    Returns:
        (n, 4) x_min, y_min, x_max, y_max in canvas pixels.
    """
    logits = distances.reshape(-1, 4, BINS)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    means = weights @ np.arange(BINS, dtype=np.float32) / weights.sum(axis=-1)
    sides = means * centres[:, 2:]
    return np.column_stack([centres[:, :2] - sides[:, :2], centres[:, :2] + sides[:, 2:]])
