"""Carry people from image to image between two detections, by optical flow: MedianFlow [Kalal 2010]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging import Grey, Image, Places
from opendr_perception.tasks.nms import Detections

ACROSS, DOWN = np.meshgrid(np.linspace(0.25, 0.75, 5), np.linspace(0.1, 0.9, 9))
GRID = np.column_stack([ACROSS.ravel(), DOWN.ravel()]).astype(np.float32)
"""(45, 2) points of a box that are followed, as fractions of its sides."""
LEAST = 6
"""Points that must be found; else a box stays where it is."""
MOST_GROWTH = 1.1
"""Of a box from one image to the next."""
SMALLEST = 4.0
"""Pixels of a side that is left inside the image; else the person has left it."""
OLD = 0.5
"""Seconds after which people have moved too far for that."""

Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """The people of the last image of a stream.

    Args:
        grey: the image; None where nobody is to be carried from it.
        people: who was found or carried.
        stamp: of the image, seconds.
        age: images since they were detected; 0 in the image itself.
    """

    grey: Grey | None
    people: Detections
    stamp: float
    age: int = 0

    def carried(self, image: Image, stamp: float, every: int) -> Seen | None:
        """The same people in the next image; None if it is time to detect them: in every so many, or after a gap."""
        if self.grey is None or self.age + 1 >= every or not 0 <= stamp - self.stamp <= OLD:
            return None
        grey = Grey.of(image)
        if grey.pixels.shape != self.grey.pixels.shape:
            return None
        boxes = np.clip(carry(self.people.boxes, self.grey, grey), 0, [image.width, image.height] * 2)
        inside = np.flatnonzero((boxes[:, 2:] - boxes[:, :2] >= SMALLEST).all(axis=1))
        people = Detections(boxes.astype(np.float32), self.people.scores)[inside]
        return Seen(grey, people, stamp, self.age + 1)


def carry(boxes: Boxes, before: Grey, after: Grey) -> Boxes:
    """Move and scale boxes (n, 4) by the median motion of the points inside, from one image to the next."""
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    starts = boxes[:, None, :2] + GRID * sides
    ends, found = before.follow(starts.astype(np.float32), after)
    return np.array([_moved(*each) for each in zip(boxes, starts, ends, found, strict=True)], np.float32).reshape(-1, 4)


def _moved(box: Boxes, starts: Places, ends: Places, found: npt.NDArray[np.bool_]) -> Boxes:
    if found.sum() < LEAST:
        return box
    starts, ends = starts[found], ends[found]
    pairs = np.triu_indices(len(starts), 1)
    spread, grown = (np.linalg.norm(points[pairs[0]] - points[pairs[1]], axis=1) for points in (starts, ends))
    growth = np.clip(np.median(grown / np.maximum(spread, 1e-3)), 1 / MOST_GROWTH, MOST_GROWTH)
    centre = (box[:2] + box[2:]) / 2 + np.median(ends - starts, axis=0)
    half = (box[2:] - box[:2]) / 2 * growth
    return np.concatenate([centre - half, centre + half]).astype(np.float32)
