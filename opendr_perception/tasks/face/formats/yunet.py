"""YuNet [Wu 2023], as OpenCV's zoo has it: four outputs for each stride."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session
from opendr_perception.tasks.face.formats.base import FaceCandidates, candidates, canvas, stretched
from opendr_perception.tasks.face.formats.cells import corners_of_cells, expect_levels, joined
from opendr_perception.tasks.imaging import Fit


class YuNet:
    """One candidate for each cell.

    Args:
        session: with the outputs `cls`, `obj`, `bbox` and `kps`, each followed by its stride: probabilities of a face
            and of an object; centre from the corner of the cell, in cells, and logarithms of the sides; landmarks from
            the corner of the cell, in cells.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("bgr", "corner")
    blends = False
    ears = False

    def __init__(self, session: Session) -> None:
        self.size = canvas(session)
        expect_levels(session, self.size, 1, {"cls": 1, "obj": 1, "bbox": 4, "kps": 10})
        self._cells = corners_of_cells(self.size, 1)

    def decode(self, outputs: Outputs, above: float) -> FaceCandidates:
        sure, objects = (np.clip(joined(outputs, name)[:, 0], 0, 1) for name in ("cls", "obj"))
        scores = np.sqrt(sure * objects)
        chosen = np.flatnonzero(scores > above)
        corner, stride = self._cells[chosen, :2], self._cells[chosen, 2:]
        boxes, five = joined(outputs, "bbox")[chosen], joined(outputs, "kps")[chosen].reshape(-1, 5, 2)
        landmarks = corner[:, None] + five * stride[:, None]
        return candidates(stretched(corner + boxes[:, :2] * stride, stride, boxes[:, 2:]), landmarks, scores[chosen])
