"""YOLOv8, YOLO11 and their like as Ultralytics exports them: boxes in pixels and probabilities of classes, raw."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, corners, expect_class


class Yolo:
    """Candidates that are still to be suppressed.

    Args:
        session: with the output `predictions` (N, 4 + classes, A): centre x, y, width, height, classes.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("rgb", "middle", 114)
    stride = 32
    feature_stride = 0
    one_each = False

    def __init__(self, session: Session) -> None:
        session.expect(inputs=[IMAGE], outputs=[Tensor("predictions", (None, None, None), FLOAT)])
        self._person = expect_class(session, "predictions", axis=1, before=4)

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        predictions = outputs["predictions"]
        scores = predictions[4 + self._person]
        chosen = np.flatnonzero(scores > above)
        return Detections(corners(predictions[:4, chosen].T), scores[chosen])
