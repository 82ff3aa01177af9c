"""Find people in images with NanoDet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Image, Letterbox, letterbox
from opendr_perception.tasks.nms import Candidates, Detections, FeatureMap, Greedy, Suppressor

__all__ = ["Detections", "PersonDetector"]

PERSON = 0
"""The class of people among COCO's 80."""

STRIDES = (8, 16, 32)
BINS = 11
FEATURES = "features"
"""Output of a detector that also gives its map of the finest stride, for suppression methods that look at it."""


class PersonDetector:
    """NanoDet, its class `person`, for the images of several cameras at once.

    Args:
        session: the zoo's `nanodet`, or a model with the same input and outputs.
        score_threshold: detections below it are dropped.
        nms: how several boxes around one person become one.
        input_size: longest side, in pixels, to which images are resized; a multiple of 32. Larger finds smaller
            people and costs more, in proportion to its square.
    """

    def __init__(
        self,
        session: Session,
        score_threshold: float = 0.46,
        nms: Suppressor = Greedy(),  # noqa: B008 - it cannot change
        input_size: int = 416,
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
        self.has_features = any(tensor.name == FEATURES for tensor in session.outputs)
        self.score_threshold = score_threshold
        self.nms = nms
        self._session = session
        self.input_size = input_size

    def __call__(self, images: Sequence[Image], input_size: int | None = None) -> list[Detections]:
        """Find the people in each image.

        Args:
            images: the images.
            input_size: another one for these, rounded up to a multiple of 32.
        """
        longest = self.input_size if input_size is None else -(-input_size // STRIDES[-1]) * STRIDES[-1]
        found: dict[int, Detections] = {}
        for size, members in self._by_canvas(images, longest).items():
            canvases = np.empty((len(members), *size, 3), np.uint8)
            boxes = [letterbox(images[i], size, "bgr", out=canvases[k])[1] for k, i in enumerate(members)]
            outputs = self._session.run_batch({"image": canvases})
            centres = anchor_centres(size)
            for k, i in enumerate(members):
                found[i] = self._select({name: rows[k] for name, rows in outputs.items()}, centres, boxes[k], images[i])
        return [found[i] for i in range(len(images))]

    def _by_canvas(self, images: Sequence[Image], longest: int) -> dict[tuple[int, int], list[int]]:
        """Indices of the images that are resized to the same (height, width): only they can share a batch."""
        groups: dict[tuple[int, int], list[int]] = {}
        for index, image in enumerate(images):
            groups.setdefault(canvas_size(image.height, image.width, longest), []).append(index)
        return groups

    def _select(self, outputs: Outputs, centres: np.ndarray, box: Letterbox, image: Image) -> Detections:
        """The people of one image, from its rows of the model's outputs."""
        scores = outputs["scores"][:, PERSON]
        chosen = np.flatnonzero(scores > min(self.score_threshold, self.nms.weakest))
        boxes = box.to_source(decode_boxes(outputs["distances"][chosen], centres[chosen]))
        boxes = np.clip(boxes, 0, [image.width, image.height] * 2).astype(np.float32)
        features = None
        if self.has_features:
            height, width = outputs[FEATURES].shape[1:]
            frame = box.to_source([0, 0, width * STRIDES[0], height * STRIDES[0]])
            features = FeatureMap(outputs[FEATURES], frame)
        proposals = Detections(boxes, scores[chosen])
        people = self.nms(Candidates(proposals, (image.width, image.height), features, image))
        return people[people.scores > self.score_threshold]


def canvas_size(height: int, width: int, longest: int) -> tuple[int, int]:
    """The smallest (height, width), in multiples of the coarsest stride, around an image resized to `longest`."""
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
