"""Regions to cover in each frame of a film: around detections, and where their objects must have been in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

GAP = 2.0
"""Seconds in which somebody who was lost and found again is taken to have gone straight from place to place."""

LINGER = 0.5
"""Seconds before the first and after the last time that somebody was found, in which the place is covered as well:
detectors find people later than eyes do."""

MARGIN = 0.3
"""Share of a box's sides by which it is enlarged on each side."""

Box = tuple[float, float, float, float]


class Cover:
    """Collects what was found, frame by frame, and says then what is to be covered.

    Memory grows by some tens of bytes for each box.
    """

    def __init__(self) -> None:
        self._stamps: list[float] = []
        self._tracks: defaultdict[str, list[tuple[int, Box]]] = defaultdict(list)
        self._alone: list[tuple[int, Box]] = []
        self._again: list[tuple[int, Box]] = []

    def add_frame(self, stamp: float, boxes: np.ndarray, tracks: Sequence[str]) -> None:
        """Take the next frame.

        Args:
            stamp: seconds, growing.
            boxes: (n, 4) what was found, pixels.
            tracks: the id of each, '' for none.
        """
        frame = len(self._stamps)
        self._stamps.append(stamp)
        for box, track in zip(boxes.tolist(), tracks, strict=True):
            (self._tracks[track] if track else self._alone).append((frame, tuple(box)))

    def add_again(self, frame: int, boxes: np.ndarray) -> None:
        """Take what is still found in a frame when it is covered."""
        self._again += ((frame, tuple(box)) for box in boxes.tolist())

    def regions(self) -> list[list[tuple[Box, bool]]]:
        """For each frame the boxes to cover, enlarged, and whether nothing at all may be left of what is in them."""
        regions: list[list[tuple[Box, bool]]] = [[] for _ in self._stamps]
        for found in (*self._tracks.values(), *([each] for each in self._alone)):
            for frame, box in self._filled(found):
                regions[frame].append((_enlarged(box), False))
        for each in self._again:
            for frame, box in self._filled([each]):
                regions[frame].append((_enlarged(box), True))
        return regions

    def _filled(self, found: Sequence[tuple[int, Box]]) -> list[tuple[int, Box]]:
        """The places of one person, also between the times when they were found, before and after."""
        filled = list(found)
        for (a, box_a), (b, box_b) in pairwise(found):
            far = self._stamps[b] - self._stamps[a] > GAP
            for frame in range(a + 1, b):
                share = (self._stamps[frame] - self._stamps[a]) / (self._stamps[b] - self._stamps[a])
                if not far:
                    mean = (1 - share) * np.array(box_a) + share * np.array(box_b)
                    filled.append((frame, tuple(mean.tolist())))
                elif self._near(frame, a):
                    filled.append((frame, box_a))
                elif self._near(frame, b):
                    filled.append((frame, box_b))
        for (end, box), step in ((found[0], -1), (found[-1], 1)):
            frame = end + step
            while 0 <= frame < len(self._stamps) and self._near(frame, end):
                filled.append((frame, box))
                frame += step
        return filled

    def _near(self, frame: int, other: int) -> bool:
        return abs(self._stamps[frame] - self._stamps[other]) <= LINGER


def _enlarged(box: Box) -> Box:
    x_min, y_min, x_max, y_max = box
    x, y = MARGIN * (x_max - x_min), MARGIN * (y_max - y_min)
    return x_min - x, y_min - y, x_max + x, y_max + y
