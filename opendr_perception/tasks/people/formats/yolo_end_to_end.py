"""YOLOv10, YOLO26 and exports with `nms=True`: one box for each object [Wang 2024, YOLOv10]."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.formats.base import FLOAT, IMAGE, person_class


class YoloEndToEnd:
    """The best boxes of all classes.

    Args:
        session: with the output `detections` (N, K, 6): x_min, y_min, x_max, y_max, score, class.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("rgb", "middle", 114)
    stride = 32
    feature_stride = 0
    one_each = True

    def __init__(self, session: Session) -> None:
        session.expect(inputs=[IMAGE], outputs=[Tensor("detections", (None, None, 6), FLOAT)])
        self._person = person_class(session)

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        rows = outputs["detections"]
        people = rows[(rows[:, 4] > above) & (np.rint(rows[:, 5]) == self._person)]
        return Detections(people[:, :4], people[:, 4])
