"""BlazeFace [Bazarevsky 2019], the model for back cameras: the detector of this package."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.face.formats.alignment import LANDMARKS
from opendr_perception.tasks.face.formats.base import FLOAT, FaceCandidates
from opendr_perception.tasks.imaging import Fit

CANVAS = 256
"""Side in pixels of the image that the network takes."""

LEVELS = ((16, 2), (32, 6))
"""For each of its maps: pixels from cell to cell, and anchors of a cell."""


class BlazeFace:
    """Boxes and six landmarks relative to anchors.

    Args:
        session: the zoo's `blazeface`, or a model with the same input and outputs.

    Raises:
        EngineError: it is no such model.
    """

    fit = Fit("rgb")
    size = (CANVAS, CANVAS)
    blends = True
    ears = True

    def __init__(self, session: Session) -> None:
        self._anchors = anchor_centres()
        session.expect(
            inputs=[Tensor("image", (None, CANVAS, CANVAS, 3), np.dtype(np.uint8))],
            outputs=[
                Tensor("boxes", (None, len(self._anchors), 4 + 2 * LANDMARKS), FLOAT),
                Tensor("scores", (None, len(self._anchors)), FLOAT),
            ],
        )

    def decode(self, outputs: Outputs, above: float) -> FaceCandidates:
        scores = outputs["scores"]
        chosen = np.flatnonzero(scores > above)
        return FaceCandidates(decode(outputs["boxes"][chosen], self._anchors[chosen]), scores[chosen])


def anchor_centres() -> np.ndarray:
    """Middles (896, 2) of the anchors' cells: x, y in canvas pixels, in BlazeFace's order."""
    levels = []
    for stride, anchors in LEVELS:
        steps = (np.arange(CANVAS // stride, dtype=np.float32) + 0.5) * stride
        x, y = np.meshgrid(steps, steps)
        levels.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), anchors, axis=0))
    return np.concatenate(levels)


def decode(raw: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Boxes and landmarks from BlazeFace's outputs.

    Args:
        raw: (n, 16) centre, size and landmarks in pixels; all but the size are relative to the anchor.
        centres: (n, 2) rows of `anchor_centres`.

    Returns:
        (n, 8, 2) x, y in canvas pixels: upper left and lower right corner of the box, then the landmarks.
    """
    pairs = raw.reshape(-1, 2 + LANDMARKS, 2)
    middle, half = pairs[:, :1] + centres[:, None], pairs[:, 1:2] / 2
    return np.concatenate([middle - half, middle + half, pairs[:, 2:] + centres[:, None]], axis=1)
