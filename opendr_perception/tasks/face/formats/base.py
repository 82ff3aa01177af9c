"""Formats of face detectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opendr_perception.engine.session import EngineError, Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit

FLOAT = np.dtype(np.float32)
EARS = 2
"""Landmarks at the end of those of the package that networks of five landmarks do not give."""

TALLER, HIGHER = 1.17, 0.10
"""Boxes of networks that were trained on WIDER FACE, from chin to forehead, beside those of BlazeFace, from chin to
brows: their height over BlazeFace's side, and by how much of that side their middle is higher. Medians of 83 faces of
ORL and Yale seen by MTCNN (1.15 and 1.19, 0.09 and 0.11), which was trained on WIDER FACE too."""


@dataclass(frozen=True)
class FaceCandidates:
    """Faces on a canvas, in any order.

    Args:
        points: (n, 8, 2) float32, x, y in pixels of the canvas: upper left and lower right corner of the box, right
            eye, left eye, nose tip, mouth, right ear, left ear; ears are NaN where the network does not give them.
        scores: (n,) float32.
    """

    points: np.ndarray
    scores: np.ndarray


class FaceFormat(Protocol):
    """A format of detectors: its input, and the meaning of its outputs."""

    @property
    def fit(self) -> Fit:
        """Placement of an image in the canvas that the network looks at."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the canvas in pixels."""

    @property
    def blends(self) -> bool:
        """Candidates around one face are averaged; else the best one is taken."""

    @property
    def ears(self) -> bool:
        """The network gives the ears."""

    def decode(self, outputs: Outputs, above: float) -> FaceCandidates:
        """The faces on a canvas.

        Args:
            outputs: of the network for this canvas, without the leading axis of the batch.
            above: weaker candidates are left out.
        """


def canvas(session: Session) -> tuple[int, int]:
    """(height, width) of the canvases of a network.

    Raises:
        EngineError: it takes no images, or of no fixed size.
    """
    session.expect([Tensor("image", (None, None, None, 3), np.dtype(np.uint8))], [])
    _, height, width, _ = next(tensor.shape for tensor in session.inputs if tensor.name == "image")
    if height is None or width is None:
        raise EngineError(f"{session.path}: the size of the image must be fixed, found {session.inputs[0]}")
    return height, width


def six(five: np.ndarray) -> np.ndarray:
    """Landmarks (n, 6, 2) of the package from (n, 5, 2): right eye, left eye, nose tip, right and left corner of the
    mouth. The mouth is between its corners; ears are NaN."""
    ears = np.full((len(five), EARS, 2), np.nan, np.float32)
    return np.concatenate([five[:, :3], five[:, 3:].mean(axis=1, keepdims=True), ears], axis=1)


def candidates(boxes: np.ndarray, five: np.ndarray, scores: np.ndarray) -> FaceCandidates:
    """Candidates from boxes (n, 4) with both corners, five landmarks (n, 5, 2) and scores (n,)."""
    points = np.concatenate([boxes.reshape(-1, 2, 2), six(five)], axis=1)
    return FaceCandidates(points.astype(np.float32), scores.astype(np.float32))


def stretched(middle: np.ndarray, side: np.ndarray, logarithms: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) with both corners, from their middles (n, 2), the side that is stretched (n, 1), and the logarithms
    (n, 2) of how much."""
    with np.errstate(over="ignore"):  # what is infinite is no box, and left out later
        half = np.exp(logarithms) * side / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def common_boxes(points: np.ndarray) -> np.ndarray:
    """Candidates' points (n, 8, 2) with boxes as BlazeFace draws them, square and from chin to brows: what comes after
    is made for those. See TALLER."""
    side = (points[:, 1, 1] - points[:, 0, 1]) / TALLER
    middle = points[:, :2].mean(axis=1) + np.stack([np.zeros_like(side), HIGHER * side], axis=1)
    half = side[:, None] / 2
    return np.concatenate([(middle - half)[:, None], (middle + half)[:, None], points[:, 2:]], axis=1)
