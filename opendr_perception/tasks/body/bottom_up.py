"""Find the body keypoints of all people of an image at once, with Lightweight OpenPose."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.body.grouping import JOINTS, enlarge, group
from opendr_perception.tasks.body.pose import Poses, largest
from opendr_perception.tasks.imaging import Heatmap, Image, Pixels, to_bgr
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import RegionProposer, ScaledCrop, assign_to_crop

STRIDE = 8
"""Pixels of a cell of the maps."""
ENLARGED = 4
"""The maps are enlarged so many times before peaks are looked for."""
AROUND = 0.1
"""Of the box around the keypoints, that is added on each side."""


class BottomUpEstimator:
    """Bottom-up pose estimation: the time does not grow with the number of people.

    Args:
        session: a model that `opendr_perception.training.body.export` has written.
        height: pixels of the height to which images are reduced, where no glance says how closely to look.
        max_persons: at most so many people, the largest ones, are given.
    """

    def __init__(self, session: Session, height: int = 256, max_persons: int = 20) -> None:
        if height < STRIDE:
            raise ValueError(f"height must be at least {STRIDE}, got {height}")
        floats = np.dtype(np.float32)
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[
                Tensor("heatmaps", (None, JOINTS + 1, None, None), floats),
                Tensor("fields", (None, 38, None, None), floats),
            ],
        )
        self.height = height
        self.max_persons = max_persons
        self.glance: RegionProposer | None = None
        """Finds the parts of large images that are looked at; None to look at the whole."""
        self._session = session

    def __call__(self, images: Sequence[Image]) -> list[Poses]:
        """Find the people and their keypoints in each image, in the layout openpose18."""
        return [self._estimate(image) for image in images]

    def _estimate(self, image: Image) -> Poses:
        if self.glance is None:
            scale = min(1.0, self.height / image.height)
            views = [ScaledCrop(0, 0, image.width, image.height, scale, (0, 0, image.width, image.height))]
        else:
            views = self.glance(image)
        keypoints, scores = np.empty((0, JOINTS, 3), np.float32), np.empty(0, np.float32)
        size = (image.width, image.height)
        for number, view in enumerate(views):
            found, certainty = self._look(view.crop(image), view.scale)
            found[..., :2] += (view.left, view.top)
            found[found[..., 2] == 0] = 0
            own = assign_to_crop(_boxes(found, size), views, number)
            keypoints, scores = np.concatenate([keypoints, found[own]]), np.concatenate([scores, certainty[own]])
        order = np.argsort(-scores, kind="stable")
        people = Detections(_boxes(keypoints, size), scores)[order]
        kept = largest(people, self.max_persons)
        return Poses(people[kept], keypoints[order][kept], "openpose18")

    def _look(self, crop: Image, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Keypoints in pixels of the crop, and scores of people."""
        size = (max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = to_bgr(Image(np.asarray(cv2.resize(crop.pixels, size, interpolation=way), np.uint8), crop.encoding))
        maps = self._session.run({"image": resized[None]})
        heatmaps, fields = (enlarge(np.nan_to_num(maps[name][0]), ENLARGED) for name in ("heatmaps", "fields"))
        keypoints, scores = group(heatmaps, fields)
        cell = np.array([crop.width / size[0], crop.height / size[1]]) * STRIDE / ENLARGED
        keypoints[..., :2] = (keypoints[..., :2] + 0.5) * cell  # a whole number is the centre of a cell
        return keypoints, scores


class PoseOverview:
    """Overview by the pose network: in each cell, the certainty of anything that is not background, or of a limb.

    Args:
        session: as of BottomUpEstimator.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, pixels: Pixels) -> Heatmap:
        maps = self._session.run({"image": np.ascontiguousarray(pixels)[None]})
        fields = maps["fields"][0]
        limbs = np.hypot(fields[0::2], fields[1::2]).max(axis=0)
        body = np.maximum(1 - maps["heatmaps"][0, -1], limbs)
        return Heatmap(np.clip(np.nan_to_num(body), 0, 1).astype(np.float32), STRIDE, STRIDE / 2)


def _boxes(keypoints: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes (n, 4) float32 around the keypoints that were seen, a little larger, inside of the image."""
    seen = keypoints[..., 2:] > 0
    low = np.where(seen, keypoints[..., :2], np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, keypoints[..., :2], -np.inf).max(axis=1, initial=-np.inf)
    margin = (high - low) * AROUND
    boxes = np.concatenate([low - margin, high + margin], axis=1)
    return np.clip(boxes, 0, [*size, *size]).astype(np.float32)
