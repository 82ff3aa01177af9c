"""Find the body keypoints of people whose boxes are known, with a network of any format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.body.formats import top_down
from opendr_perception.tasks.body.layouts import COCO17, COCO17_LIMBS, convert
from opendr_perception.tasks.imaging import Image, around, crop_resize
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.shapes import Keypoints

__all__ = ["COCO17", "COCO17_LIMBS", "PoseEstimator", "Poses", "largest"]

PeopleDetector = Callable[[Sequence[Image]], list[Detections]]

MARGIN = 1.25
"""Of the crop over the box: networks want to see some surroundings."""


@dataclass(frozen=True)
class Poses:
    """The people of one image.

    Args:
        people: their boxes and scores.
        keypoints: (n, K, 3) float32: x, y in source pixels, and a score in [0, 1].
        layout: the order of the keypoints, one of `tasks.body.layouts.LAYOUTS`.
        tracks: the id of each, which stays from image to image; '' where there is none. Empty where nobody tracks.
    """

    people: Detections
    keypoints: Keypoints
    layout: str = "coco17"
    tracks: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.people)

    def in_layout(self, layout: str) -> Poses:
        """The same people with keypoints in another order."""
        return Poses(self.people, convert(self.keypoints, self.layout, layout), layout, self.tracks)


class PoseEstimator:
    """Top-down pose estimation: detect people, cut out the surroundings of each, find its keypoints.

    Args:
        detector: finds the people: a PersonDetector, or a HighResolutionDetector for large images.
        session: the zoo's `movenet-lightning` or `movenet-thunder`, or another one of `tasks.body.formats`.
        max_persons: the largest so many are looked at; the time grows with their number.
    """

    def __init__(self, detector: PeopleDetector, session: Session, max_persons: int = 20) -> None:
        self._format = top_down(session)
        _, height, width, _ = session.inputs[0].shape
        if height is None or width is None:
            raise EngineError(f"{session.path}: the size of the crops must be fixed, found {session.inputs[0]}")
        self.detector = detector
        self.max_persons = max_persons
        self._session = session
        self._size = (height, width)

    def __call__(self, images: Sequence[Image]) -> list[Poses]:
        """Find the people and their keypoints in each image."""
        return self.of(images, [found[largest(found, self.max_persons)] for found in self.detector(images)])

    def of(self, images: Sequence[Image], people: Sequence[Detections]) -> list[Poses]:
        """Find the keypoints of the people in each image, who are known already."""
        keypoints = self._find_keypoints(images, people)
        ends = np.cumsum([len(found) for found in people])
        return [Poses(found, keypoints[end - len(found) : end]) for found, end in zip(people, ends, strict=True)]

    def _find_keypoints(self, images: Sequence[Image], people: Sequence[Detections]) -> np.ndarray:
        """Keypoints (n, 17, 3) of all people of all images, from one batch of crops."""
        targets = [(image, box) for image, found in zip(images, people, strict=True) for box in found.boxes]
        if not targets:
            return np.empty((0, len(COCO17), 3), np.float32)
        crops = np.empty((len(targets), *self._size, 3), np.uint8)
        height, width = self._size
        places = [
            crop_resize(image, around(box, width / height, MARGIN), self._size, self._format.order, crops[k])[1]
            for k, (image, box) in enumerate(targets)
        ]
        found = self._format.decode(self._session.run_batch({"image": crops}), self._size)
        found = np.where(np.isfinite(found).all(axis=-1, keepdims=True), found, 0)  # what is no number was not seen
        source = np.stack([place.to_source(points) for place, points in zip(places, found[..., :2], strict=True)])
        return np.concatenate([source, np.clip(found[..., 2:], 0, 1)], axis=-1).astype(np.float32)


def largest(people: Detections, number: int) -> np.ndarray:
    """Indices of the so many people with the largest boxes, in their order."""
    width, height = (people.boxes[:, 2:] - people.boxes[:, :2]).T
    return np.sort(np.argsort(-width * height, kind="stable")[:number])
