"""RTMPose and others that classify the coordinates of keypoints [Li 2022, SimCC; Jiang 2023, RTMPose]."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, expect_coco17
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Order


class SimCc:
    """A score for each place along either axis, several to a pixel; the best one is the keypoint.

    Args:
        session: with the outputs `simcc_x` (N, K, columns) and `simcc_y` (N, K, rows).

    Raises:
        EngineError: it has not.
    """

    order: Order = "rgb"

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[IMAGE], outputs=[Tensor(name, (None, None, None), FLOAT) for name in ("simcc_x", "simcc_y")]
        )
        expect_coco17(session, "simcc_x", axis=1)
        expect_coco17(session, "simcc_y", axis=1)

    def decode(self, outputs: Outputs, size: tuple[int, int]) -> np.ndarray:
        axes = [outputs[name][:, : len(COCO17)] for name in ("simcc_x", "simcc_y")]
        # Whole numbers are centres of pixels there, half a pixel inside of the corner of the crop.
        x, y = (
            axis.argmax(axis=-1) * (pixels / axis.shape[-1]) + 0.5
            for axis, pixels in zip(axes, size[::-1], strict=True)
        )
        score = np.minimum(*(axis.max(axis=-1) for axis in axes))  # as MMPose: as sure as the less sure axis
        return np.stack([x, y, score], axis=-1).astype(np.float32)
