"""Find the body keypoints of all people of an image at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.tasks.body.formats import STRIDE, BodyReader, DecodedBodies
from opendr_perception.tasks.body.layouts import LAYOUTS
from opendr_perception.tasks.body.pose import Poses, largest
from opendr_perception.tasks.imaging import Heatmap, Image, Pixels
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import RegionProposer, ScaledCrop, assign_to_crop


class BottomUpEstimator:
    """Bottom-up pose estimation: the time does not grow with the number of people.

    Args:
        reader: of the network, from `tasks.body.formats.bottom_up`.
        max_persons: at most so many people, the largest ones, are given.
    """

    def __init__(self, reader: BodyReader, max_persons: int = 20) -> None:
        self.max_persons = max_persons
        self.score_threshold = 0.46
        """Of people, where the network scores them."""
        self.iou_threshold = 0.5
        """Of their boxes, where the network may give a person twice."""
        self.glance: RegionProposer | None = None
        """Finds the parts of large images that are looked at; None to look at the whole."""
        self._reader = reader

    def warm_up(self) -> None:
        """Run once, so that the first image is not slow."""
        self._reader.warm_up()

    def __call__(self, images: Sequence[Image]) -> list[Poses]:
        """Find the people and their keypoints in each image, in the layout of the network."""
        return [self._estimate(image) for image in images]

    def _estimate(self, image: Image) -> Poses:
        if self.glance is None:
            scale = min(1.0, self._reader.height / image.height)
            views = [ScaledCrop(0, 0, image.width, image.height, scale, (0, 0, image.width, image.height))]
        else:
            views = self.glance(image)
        parts = []
        for number, view in enumerate(views):
            found = self._reader(view.crop(image), view.scale, self.score_threshold, self.iou_threshold)
            found = found.moved(view.left, view.top)
            parts.append(found[assign_to_crop(found.boxes, views, number)])
        bodies = DecodedBodies.joined(parts, len(LAYOUTS[self._reader.layout]))
        order = np.argsort(-bodies.scores, kind="stable")
        people = Detections(bodies.boxes, bodies.scores)[order]
        kept = largest(people, self.max_persons)
        return Poses(people[kept], bodies.keypoints[order][kept], self._reader.layout)


class PoseOverview:
    """Overview by the pose network: in each cell, the certainty of anything that is not background, or of a limb.

    Args:
        session: of Lightweight OpenPose.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, pixels: Pixels) -> Heatmap:
        maps = self._session.run({"image": np.ascontiguousarray(pixels)[None]})
        fields = maps["fields"][0]
        limbs = np.hypot(fields[0::2], fields[1::2]).max(axis=0)
        body = np.maximum(1 - maps["heatmaps"][0, -1], limbs)
        return Heatmap(np.clip(np.nan_to_num(body), 0, 1).astype(np.float32), STRIDE, STRIDE / 2)
