"""RTMDet [Lyu 2022], and whatever else MMDeploy has exported with suppression in its graph."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, person_class


class RtmDet:
    """One box for each object.

    Args:
        session: with the outputs `dets` (N, K, 5): x_min, y_min, x_max, y_max, score, and `labels` (N, K), the classes.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("bgr", "corner", 114)
    stride = 32
    feature_stride = 0
    one_each = True

    def __init__(self, session: Session) -> None:
        labels = Tensor("labels", (None, None), np.dtype(np.int64))
        session.expect(inputs=[IMAGE], outputs=[Tensor("dets", (None, None, 5), FLOAT), labels])
        self._person = person_class(session)

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        dets = outputs["dets"]
        people = dets[(dets[:, 4] > above) & (outputs["labels"] == self._person)]
        return Detections(people[:, :4], people[:, 4])
