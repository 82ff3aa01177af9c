"""RetinaFace [Deng 2020] in PyTorch: boxes, classes and landmarks relative to anchor boxes."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.face.formats.base import FLOAT, FaceCandidates, candidates, canvas, stretched
from opendr_perception.tasks.imaging import Fit

SIDES = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
"""Sides in pixels of the anchor boxes of each stride."""
CENTRE, SIDE = 0.1, 0.2
"""By which the network's numbers are multiplied, as in SSD [Liu 2016]."""


class RetinaFace:
    """Anchor boxes that are moved and stretched.

    Args:
        session: with the outputs `boxes` (N, A, 4), `scores` (N, A, 2): no face and a face, and `landmarks` (N, A, 10).

    Raises:
        EngineError: it has not.
    """

    fit = Fit("bgr", "corner")
    blends = False
    ears = False

    def __init__(self, session: Session) -> None:
        self.size = canvas(session)
        self._anchors = anchors(self.size)
        count = len(self._anchors)
        session.expect(
            inputs=[Tensor("image", (None, *self.size, 3), np.dtype(np.uint8))],
            outputs=[
                Tensor("boxes", (None, count, 4), FLOAT),
                Tensor("scores", (None, count, 2), FLOAT),
                Tensor("landmarks", (None, count, 10), FLOAT),
            ],
        )

    def decode(self, outputs: Outputs, above: float) -> FaceCandidates:
        scores = outputs["scores"][:, 1]
        chosen = np.flatnonzero(scores > above)
        centre, side = self._anchors[chosen, :2], self._anchors[chosen, 2:]
        boxes, five = outputs["boxes"][chosen], outputs["landmarks"][chosen].reshape(-1, 5, 2)
        middle = centre + boxes[:, :2] * CENTRE * side
        landmarks = centre[:, None] + five * CENTRE * side[:, None]
        return candidates(stretched(middle, side, boxes[:, 2:] * SIDE), landmarks, scores[chosen])


def anchors(size: tuple[int, int]) -> np.ndarray:
    """Centre and side (A, 3) of the anchor boxes of a canvas of (height, width) pixels."""
    levels = []
    for stride, sides in SIDES.items():
        rows, columns = np.mgrid[: -(-size[0] // stride), : -(-size[1] // stride)]
        centres = (np.column_stack([columns.ravel(), rows.ravel()]) + 0.5) * stride
        levels.append(np.column_stack([np.repeat(centres, len(sides), axis=0), np.tile(sides, rows.size)]))
    return np.concatenate(levels).astype(np.float32)
