"""Give people numbers that stay with them from frame to frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import supervision
from trackers import ByteTrackTracker

from opendr_perception.tasks.imaging import Rhythm
from opendr_perception.tasks.people.detection import Detections

NOMINAL_RATE = 10.0
"""Frames per second for which the motion model's noise is set; its steps follow the stamps. With ByteTrack's usual 30 a
person of `vtest.avi` gets four names where frames come at 3 to 5 Hz, as they do on a robot; with 10 about one."""

BUFFER_RATE = 30.0
"""ByteTrack counts the frames that a lost track is kept at this rate, whatever the real one is."""


class PersonTracker:
    """ByteTrack [Zhang 2022] for the people of one stream, following the stamps of its frames.

    Args:
        numbers: where the numbers of new tracks come from. Trackers that share it never give a number twice.
        score_threshold: a detection must score this much to begin a track; weaker ones only prolong one.
        lost_after: seconds after which somebody who is not seen any more is given up; more where frames are rare.
    """

    def __init__(self, numbers: Iterator[int], score_threshold: float = 0.5, lost_after: float = 1.5) -> None:
        self._numbers = numbers
        self._names: dict[int, str] = {}
        self._lost_after = lost_after
        self._rhythm = Rhythm()
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(lost_after * BUFFER_RATE),
            frame_rate=NOMINAL_RATE,
            track_activation_threshold=score_threshold,
            high_conf_det_threshold=score_threshold,
            minimum_consecutive_frames=2,
        )
        self._last_stamp = 0.0

    @property
    def alive(self) -> frozenset[str]:
        """Tracks that may still come back."""
        return frozenset(self._names.values())

    def update(self, detections: Detections, stamp: float) -> list[str]:
        """Follow everybody into the next frame.

        Args:
            detections: of this frame.
            stamp: of this frame in seconds, not before the last one; 0 when the publisher sets none.

        Returns:
            The track of each detection, '' while it is not confirmed by a second frame.
        """
        if stamp != 0.0:
            stamp = max(stamp, self._last_stamp + 1e-3)  # frames of one stamp: time must advance for the motion model
            if self._last_stamp:
                self._rhythm.note(stamp - self._last_stamp)
            self._tracker.maximum_time_without_update = self._rhythm.patience(self._lost_after)
        self._last_stamp = stamp
        tracked = self._tracker.update(
            supervision.Detections(
                xyxy=detections.boxes,
                confidence=detections.scores,
                data={"place": np.arange(len(detections))},  # the tracker returns them in another order
            ),
            timestamp=stamp or None,
        )
        alive = {track.tracker_id for track in self._tracker.tracks}
        self._names = {number: name for number, name in self._names.items() if number in alive}
        names = [""] * len(detections)
        numbers: Any = tracked.tracker_id
        for place, number in zip(tracked.data.get("place", ()), numbers, strict=True):
            if number >= 0:
                names[place] = self._names.get(number) or self._names.setdefault(number, str(next(self._numbers)))
        return names
