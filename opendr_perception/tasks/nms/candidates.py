"""Boxes before and after non-maximum suppression, and what every method of it looks like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.shapes import Box, Boxes, FeatureMaps, Scores


@dataclass(frozen=True)
class Detections:
    """Objects found in one image, best first.

    Args:
        boxes: (n, 4) float32, x_min, y_min, x_max, y_max in source pixels, inside the image.
        scores: (n,) float32 in [0, 1].
    """

    boxes: Boxes
    scores: Scores

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"boxes {self.boxes.shape} do not belong to scores {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: np.ndarray | slice) -> Detections:
        return Detections(self.boxes[index], self.scores[index])


@dataclass(frozen=True)
class FeatureMap:
    """Feature map of an image by a detector's network.

    Args:
        values: (C, h, w) float32.
        frame: (4,) x_min, y_min, x_max, y_max of what the map shows, in source pixels; with the borders of a letterbox.
    """

    values: FeatureMaps
    frame: Box

    def places(self, boxes: Boxes) -> Boxes:
        """Boxes (n, 4) in source pixels as fractions of the map, float32."""
        low, high = self.frame[:2], self.frame[2:]
        return ((boxes - np.tile(low, 2)) / np.tile(high - low, 2)).astype(np.float32)


@dataclass(frozen=True)
class Candidates:
    """Candidates of a detector for one image, in any order.

    Args:
        proposals: boxes and scores of one class.
        size: width and height of the image in pixels.
        features: the detector's own map; None where it is not known.
        image: None where it is not known.
    """

    proposals: Detections
    size: tuple[int, int]
    features: FeatureMap | None = None
    image: Image | None = None

    def usable(self, limit: int | None = None) -> Candidates:
        """Those that are boxes at all, best first: neither inverted, empty nor with a number that is none.

        Args:
            limit: of the best ones; None for all.
        """
        boxes, scores = self.proposals.boxes, self.proposals.scores
        fine = np.isfinite(boxes).all(axis=1) & np.isfinite(scores) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        order = np.flatnonzero(fine)
        order = order[np.argsort(-scores[order], kind="stable")][:limit]
        return replace(self, proposals=self.proposals[order])


class Suppressor(Protocol):
    """A method of non-maximum suppression: of several boxes around one object, one keeps a high score."""

    @property
    def weakest(self) -> float:
        """Candidates above this score matter, also if weaker ones are no detections; 1 where only detections do."""

    def __call__(self, candidates: Candidates) -> Detections:
        """Detections among the candidates, best first, with the scores that the method gives them."""
