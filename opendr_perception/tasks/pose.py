"""Find the body keypoints of people whose boxes are known, with MoveNet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.detection import Detections, PersonDetector
from opendr_perception.tasks.image import Image, crop_resize, square

COCO17 = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""Names of the keypoints in the layout `coco17`."""

COCO17_LIMBS = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10),
    (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
"""Pairs of keypoints that are joined by a line in drawings."""

MARGIN = 1.25
"""Side of the square crop over the longer side of the box: MoveNet wants to see some surroundings."""


@dataclass(frozen=True)
class Poses:
    """The people of one picture.

    Args:
        people: their boxes and scores.
        keypoints: (n, 17, 3) float32: x, y in source pixels, and a score in [0, 1]; in the order of COCO17.
    """

    people: Detections
    keypoints: np.ndarray

    def __len__(self) -> int:
        return len(self.people)


class PoseEstimator:
    """Top-down pose estimation: detect people, cut out a square around each, find its keypoints.

    Args:
        detector: finds the people.
        session: the zoo's `movenet-lightning` or `movenet-thunder`, or a model with the same input and output.
        max_persons: the largest so many are looked at; the time grows with their number.
    """

    def __init__(self, detector: PersonDetector, session: Session, max_persons: int = 20) -> None:
        session.expect(
            inputs=[Tensor("image", (None, None, None, 3), np.dtype(np.uint8))],
            outputs=[Tensor("keypoints", (None, len(COCO17), 3), np.dtype(np.float32))],
        )
        _, height, width, _ = session.inputs[0].shape
        if height is None or width is None:
            raise EngineError(f"{session.path}: the size of the crops must be fixed, found {session.inputs[0]}")
        self.detector = detector
        self.max_persons = max_persons
        self._session = session
        self._size = (height, width)

    def __call__(self, images: Sequence[Image]) -> list[Poses]:
        """Find the people and their keypoints in each picture."""
        people = [largest(found, self.max_persons) for found in self.detector(images)]
        keypoints = self._find_keypoints(images, people)
        ends = np.cumsum([len(found) for found in people])
        return [Poses(found, keypoints[end - len(found) : end]) for found, end in zip(people, ends, strict=True)]

    def _find_keypoints(self, images: Sequence[Image], people: Sequence[Detections]) -> np.ndarray:
        """Keypoints (n, 17, 3) of all people of all pictures, from one batch of crops."""
        targets = [(image, box) for image, found in zip(images, people, strict=True) for box in found.boxes]
        if not targets:
            return np.empty((0, len(COCO17), 3), np.float32)
        crops = np.empty((len(targets), *self._size, 3), np.uint8)
        places = [
            crop_resize(image, square(box, MARGIN), self._size, "rgb", crops[k])[1]
            for k, (image, box) in enumerate(targets)
        ]
        found = self._session.run_batch({"image": crops})["keypoints"]
        found = np.where(np.isfinite(found).all(axis=-1, keepdims=True), found, 0)  # what is no number was not seen
        canvas = found[..., 1::-1] * self._size[::-1]  # (y, x) in [0, 1] -> (x, y) in pixels
        source = np.stack([place.to_source(points) for place, points in zip(places, canvas, strict=True)])
        return np.concatenate([source, np.clip(found[..., 2:], 0, 1)], axis=-1).astype(np.float32)


def largest(people: Detections, number: int) -> Detections:
    """The so many people with the largest boxes, in their order."""
    width, height = (people.boxes[:, 2:] - people.boxes[:, :2]).T
    return people[np.sort(np.argsort(-width * height, kind="stable")[:number])]
