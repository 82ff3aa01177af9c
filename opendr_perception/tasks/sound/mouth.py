"""Openings of mouths, by MediaPipe's face mesh."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.imaging import Image, warp

VERTICES = 468
SIDE = 192
"""Of the image that the network takes."""
MARGIN = 1.5
"""Side of that image over the longer side of the face's box."""
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
"""Vertices of the upper lip, and those below them."""
EYE_CORNERS = (33, 263)
RIGHT_EYE, LEFT_EYE = 0, 1
"""Of the landmarks of a face."""
PRESENCE = 0.5
"""Probability of a face below which its mouth is not believed."""
SMALLEST = 40.0
"""Pixels of a face below which lips cannot be told from each other."""


class MouthReader:
    """Measures mouths.

    Args:
        session: the zoo's `facemesh`, or a model with the same input and outputs.

    Raises:
        EngineError: it is another model.
    """

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[Tensor("image", (None, SIDE, SIDE, 3), np.dtype(np.uint8))],
            outputs=[Tensor("vertices", (None, VERTICES, 3), np.dtype(np.float32)), "presence"],
        )
        self._session = session

    def __call__(self, image: Image, boxes: Sequence[np.ndarray], landmarks: Sequence[np.ndarray]) -> np.ndarray:
        """Openings (n,) of mouths, in distances of the outer corners of the eyes; NaN where none is seen.

        Args:
            image: the image.
            boxes: (4,) of each face, source pixels.
            landmarks: (6, 2) of each face, source pixels; the eyes say how the head leans.
        """
        openings = np.full(len(boxes), np.nan)
        large = [k for k, box in enumerate(boxes) if (box[2:] - box[:2]).max() >= SMALLEST]
        if not large:
            return openings
        crops = np.stack([_upright(image, boxes[k], landmarks[k]) for k in large])
        found = self._session.run_batch({"image": crops})
        vertices, presence = found["vertices"].astype(np.float64), found["presence"].reshape(-1)
        upper, lower = np.array(INNER_LIPS).T
        gaps = np.linalg.norm(vertices[:, upper] - vertices[:, lower], axis=2).mean(1)
        eyes = np.linalg.norm(vertices[:, EYE_CORNERS[0]] - vertices[:, EYE_CORNERS[1]], axis=1)
        openings[large] = np.where(presence >= PRESENCE, gaps / np.maximum(eyes, 1e-6), np.nan)
        return openings


def _upright(image: Image, box: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The face (SIDE, SIDE, 3) uint8 RGB, turned so that the eyes are level."""
    across = landmarks[LEFT_EYE] - landmarks[RIGHT_EYE]
    roll = math.atan2(across[1], across[0])
    scale = MARGIN * float((box[2:] - box[:2]).max()) / SIDE
    linear = scale * np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]])
    shift = (box[:2] + box[2:]) / 2 - linear @ [SIDE / 2, SIDE / 2]
    return warp(image, np.column_stack([linear, shift]), (SIDE, SIDE), "rgb")
