"""RT-DETR [Zhao 2024], D-FINE [Peng 2024] and their like: a query for each object, so one box for each."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, corners, expect_class, person_class

FIT = Fit("rgb", "stretch")
"""They are trained on images that are resized without keeping their aspect ratio."""


class Detr:
    """Queries as the decoder leaves them, which is how Transformers exports these networks.

    Args:
        session: with the outputs `logits` (N, Q, classes) and `boxes` (N, Q, 4): centre x, y, width, height as
            fractions of the canvas.

    Raises:
        EngineError: it has not.
    """

    fit = FIT
    stride = 32
    feature_stride = 0
    one_each = True

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[IMAGE],
            outputs=[Tensor("logits", (None, None, None), FLOAT), Tensor("boxes", (None, None, 4), FLOAT)],
        )
        self._person = expect_class(session, "logits", axis=2)

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        logits = outputs["logits"][:, self._person].astype(np.float64)
        with np.errstate(over="ignore"):
            scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
        chosen = np.flatnonzero(scores > above)
        height, width = size
        boxes = corners(outputs["boxes"][chosen]) * np.array([width, height, width, height], np.float32)
        return Detections(boxes, scores[chosen])


class DetrEndToEnd:
    """The best pairs of query and class, which is how the authors export these networks.

    Args:
        session: with the outputs `labels` (N, K), `boxes` (N, K, 4) x_min, y_min, x_max, y_max in pixels of the
            canvas, and `scores` (N, K).

    Raises:
        EngineError: it has not.
    """

    fit = FIT
    stride = 32
    feature_stride = 0
    one_each = True

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[IMAGE],
            outputs=[
                Tensor("labels", (None, None), np.dtype(np.int64)),
                Tensor("boxes", (None, None, 4), FLOAT),
                Tensor("scores", (None, None), FLOAT),
            ],
        )
        self._person = person_class(session)

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        scores = outputs["scores"]
        chosen = np.flatnonzero((scores > above) & (outputs["labels"] == self._person))
        return Detections(outputs["boxes"][chosen], scores[chosen])
