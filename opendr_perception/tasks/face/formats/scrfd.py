"""SCRFD [Guo 2021] with landmarks, as InsightFace exports it: three outputs for each stride."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session
from opendr_perception.tasks.face.formats.base import FaceCandidates, candidates, canvas
from opendr_perception.tasks.face.formats.cells import corners_of_cells, expect_levels, joined
from opendr_perception.tasks.imaging import Fit

ANCHORS = 2
"""Candidates of a cell."""


class Scrfd:
    """Distances of the sides and the landmarks from the corner of a cell, in cells.

    Args:
        session: with the outputs `scores`, `distances` and `landmarks`, each followed by its stride.

    Raises:
        EngineError: it has not.
    """

    fit = Fit("rgb", "corner")
    blends = False
    ears = False

    def __init__(self, session: Session) -> None:
        self.size = canvas(session)
        expect_levels(session, self.size, ANCHORS, {"scores": 1, "distances": 4, "landmarks": 10})
        self._cells = corners_of_cells(self.size, ANCHORS)

    def decode(self, outputs: Outputs, above: float) -> FaceCandidates:
        scores = joined(outputs, "scores")[:, 0]
        chosen = np.flatnonzero(scores > above)
        corner, stride = self._cells[chosen, :2], self._cells[chosen, 2:]
        sides = joined(outputs, "distances")[chosen] * stride
        five = joined(outputs, "landmarks")[chosen].reshape(-1, 5, 2)
        boxes = np.concatenate([corner - sides[:, :2], corner + sides[:, 2:]], axis=1)
        return candidates(boxes, corner[:, None] + five * stride[:, None], scores[chosen])
