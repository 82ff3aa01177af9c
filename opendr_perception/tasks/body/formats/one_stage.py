"""Networks that give boxes and keypoints of all people at once: what their formats share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opendr_perception.engine.session import EngineError, Outputs, Session
from opendr_perception.tasks.body.formats.base import DecodedBodies
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Fit, Image, Letterbox
from opendr_perception.tasks.nms import greedy_nms
from opendr_perception.tasks.people import canvas_size

STRIDE = 32

Decode = Callable[[Outputs, float], DecodedBodies]
"""The people on one canvas, in its pixels, from outputs without the axis of the batch; only those above a score."""


class OneStage:
    """Lays an image into a canvas and reads the people from what the network says of it.

    Args:
        session: the network.
        fit: how it wants to see an image.
        decode: reads its outputs.
        one_each: it gives each person once.
        height: pixels to which the height of an image is reduced where nothing else is said.

    Raises:
        EngineError: only one side of its canvas is fixed.
    """

    layout = "coco17"

    def __init__(self, session: Session, fit: Fit, decode: Decode, one_each: bool, height: int = 640) -> None:
        self.height = height
        self._session, self._fit, self._decode, self._one_each = session, fit, decode, one_each
        _, rows, columns, _ = session.inputs[0].shape
        if (rows is None) != (columns is None):
            raise EngineError(f"{session.path}: height and width must both be fixed, or both free")
        self._size = None if rows is None or columns is None else (rows, columns)

    def warm_up(self) -> None:
        self._session.warm_up(image=(1, *(self._size or (self.height, self.height)), 3))

    def __call__(self, image: Image, scale: float, above: float, iou_threshold: float) -> DecodedBodies:
        longest = max(STRIDE, round(max(image.height, image.width) * scale))
        canvas, place = self._fit(image, self._size or canvas_size(image.height, image.width, longest, STRIDE))
        outputs = self._session.run({"image": canvas[None]})
        found = _in_image(self._decode({name: rows[0] for name, rows in outputs.items()}, above), place, image)
        order = np.argsort(-found.scores, kind="stable")
        kept = order if self._one_each else greedy_nms(found.boxes, found.scores, iou_threshold)
        return found[kept]


def _in_image(found: DecodedBodies, place: Letterbox, image: Image) -> DecodedBodies:
    """People of a canvas, in pixels of the image; what is no box at all is nobody, what is no number was not seen."""
    fine = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
    found = found[fine]
    boxes = np.clip(place.to_source(found.boxes), 0, [image.width, image.height] * 2).astype(np.float32)
    keypoints = np.where(np.isfinite(found.keypoints).all(axis=-1, keepdims=True), found.keypoints, 0)
    placed = np.concatenate([place.to_source(keypoints[..., :2]), np.clip(keypoints[..., 2:], 0, 1)], axis=-1)
    placed = np.where(placed[..., 2:] > 0, placed, 0).astype(np.float32)
    inside = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    return DecodedBodies(placed, boxes, np.clip(found.scores, 0, 1))[inside]


def as_keypoints(rows: np.ndarray) -> np.ndarray:
    """Keypoints (n, 17, 3) of rows of 51 numbers: x, y, score of each."""
    return rows.reshape(len(rows), len(COCO17), 3)
