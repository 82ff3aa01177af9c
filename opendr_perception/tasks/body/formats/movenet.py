"""MoveNet: the keypoints themselves."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Order


class MoveNet:
    """Keypoints as fractions of the crop.

    Args:
        session: with the output `keypoints` (N, 17, 3): y, x, score.

    Raises:
        EngineError: it has not.
    """

    order: Order = "rgb"

    def __init__(self, session: Session) -> None:
        session.expect(inputs=[IMAGE], outputs=[Tensor("keypoints", (None, len(COCO17), 3), FLOAT)])

    def decode(self, outputs: Outputs, size: tuple[int, int]) -> np.ndarray:
        found = outputs["keypoints"]
        return np.concatenate([found[..., 1::-1] * np.array(size[::-1]), found[..., 2:]], axis=-1)
