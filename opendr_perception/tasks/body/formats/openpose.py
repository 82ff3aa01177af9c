"""Lightweight OpenPose: heatmaps and part affinity fields [Cao 2017; Osokin 2018]."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, DecodedBodies
from opendr_perception.tasks.body.grouping import JOINTS, enlarge, group
from opendr_perception.tasks.imaging import Image, to_bgr

STRIDE = 8
"""Pixels of a cell of the maps."""
ENLARGED = 4
"""The maps are enlarged so many times before peaks are looked for."""
AROUND = 0.1
"""Of the box around the keypoints, that is added on each side."""


class OpenPose:
    """Puts people together from keypoints; it has no scores and no boxes of a detector.

    Args:
        session: a model that `opendr_perception.training.body.export` has written.

    Raises:
        EngineError: it is another one.
    """

    layout = "openpose18"
    height = 256

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[IMAGE],
            outputs=[
                Tensor("heatmaps", (None, JOINTS + 1, None, None), FLOAT),
                Tensor("fields", (None, 38, None, None), FLOAT),
            ],
        )
        self._session = session

    def warm_up(self) -> None:
        self._session.warm_up(image=(1, self.height, self.height * 16 // 9, 3))

    def __call__(self, image: Image, scale: float, above: float, iou_threshold: float) -> DecodedBodies:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = to_bgr(Image(np.asarray(cv2.resize(image.pixels, size, interpolation=way), np.uint8), image.encoding))
        maps = self._session.run({"image": resized[None]})
        heatmaps, fields = (enlarge(np.nan_to_num(maps[name][0]), ENLARGED) for name in ("heatmaps", "fields"))
        keypoints, scores = group(heatmaps, fields)
        cell = np.array([image.width / size[0], image.height / size[1]]) * STRIDE / ENLARGED
        keypoints[..., :2] = (keypoints[..., :2] + 0.5) * cell  # a whole number is the centre of a cell
        return DecodedBodies(keypoints, boxes_around(keypoints, (image.width, image.height)), scores)


def boxes_around(keypoints: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes (n, 4) float32 around the keypoints that were seen, a little larger, inside of an image (width, height)."""
    seen = keypoints[..., 2:] > 0
    low = np.where(seen, keypoints[..., :2], np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, keypoints[..., :2], -np.inf).max(axis=1, initial=-np.inf)
    margin = (high - low) * AROUND
    boxes = np.concatenate([low - margin, high + margin], axis=1)
    return np.clip(boxes, 0, [*size, *size]).astype(np.float32)
