"""YOLOX [Ge 2021]: no anchor boxes; an objectness and classes for each cell."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.anchors import STRIDES, anchor_centres
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, corners, expect_class

DECODED = "decoded"
"""Metadata: '1' where the graph has made pixels of the boxes (`--decode_in_inference` of its export)."""


class Yolox:
    """Boxes as offsets from cells, or in pixels.

    Args:
        session: with the output `predictions` (N, A, 5 + classes): x, y, width, height, objectness, classes.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("bgr", "corner", 114)
    stride = STRIDES[-1]
    feature_stride = 0
    one_each = False

    def __init__(self, session: Session) -> None:
        session.expect(inputs=[IMAGE], outputs=[Tensor("predictions", (None, None, None), FLOAT)])
        self._person = expect_class(session, "predictions", axis=2, before=5)
        self._decoded = session.metadata.get(DECODED) == "1"

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        predictions = outputs["predictions"]
        scores = predictions[:, 4] * predictions[:, 5 + self._person]
        chosen = np.flatnonzero(scores > above)
        boxes = predictions[chosen, :4]
        if not self._decoded:
            boxes = in_pixels(boxes, anchor_centres(size)[chosen])
        return Detections(corners(boxes), scores[chosen])


def in_pixels(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) centre x, y, width, height in pixels, of what the network says of them [Ge 2021, YOLOX].

    Args:
        boxes: (n, 4): offsets of the centre from the corner of the cell, in cells, and logarithms of width and height.
        anchors: (n, 3) rows of `anchor_centres`.
    """
    strides = anchors[:, 2:]
    with np.errstate(over="ignore"):  # what is infinite is no box, and left out later
        return np.concatenate([anchors[:, :2] + (boxes[:, :2] - 0.5) * strides, np.exp(boxes[:, 2:]) * strides], axis=1)
