"""NanoDet's outputs [Li 2020, Generalized Focal Loss]: the detector of this package."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.anchors import STRIDES, anchor_centres
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, expect_class

BINS = 11
FEATURES = "features"
"""Output of a detector that also gives its map of the finest stride, for suppression methods that look at it."""


class NanoDet:
    """Classes as probabilities, and sides of boxes as distributions.

    Args:
        session: with the outputs `scores` (N, A, classes) and `distances` (N, A, 44).

    Raises:
        EngineError: it has not.
    """

    fit = Fit("bgr")
    stride = STRIDES[-1]
    one_each = False

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[IMAGE],
            outputs=[
                Tensor("scores", (None, None, None), FLOAT),
                Tensor("distances", (None, None, 4 * BINS), FLOAT),
            ],
        )
        self._person = expect_class(session, "scores", axis=2)
        self.feature_stride = STRIDES[0] if any(tensor.name == FEATURES for tensor in session.outputs) else 0

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        scores = outputs["scores"][:, self._person]
        chosen = np.flatnonzero(scores > above)
        return Detections(decode_boxes(outputs["distances"][chosen], anchor_centres(size)[chosen]), scores[chosen])


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
