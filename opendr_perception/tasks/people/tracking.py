"""Give people ids that stay with them from frame to frame."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import numpy as np

from opendr_perception.tasks.imaging import Image, Rhythm
from opendr_perception.tasks.memories import Kinds
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.appearance import looks
from opendr_perception.tasks.people.steadying import CameraMotion

SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Of prefixes; without those that look like others."""


class TrackIds(Iterator[str]):
    """Ids of tracks: a prefix, and numbers from 1.

    Args:
        prefix: of all of them.

    Attributes:
        given: the number of the last one.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.given = 0

    def __next__(self) -> str:
        self.given += 1
        return f"{self._prefix}-{self.given}"


def new_ids(prefix: str = "") -> TrackIds:
    """Ids 'k3x-1', 'k3x-2', and so on, whose prefix is drawn anew at each call: a node that starts again gives others.

    A prefix that is given is taken instead.

    Prefixes begin with a letter, so that no program takes an id for a number; there are 24,576.
    """
    return TrackIds(prefix or secrets.choice(SIGNS[:24]) + secrets.choice(SIGNS) + secrets.choice(SIGNS))


class PersonTracker:
    """Tracks the people of one stream by where they go [Kalman filters of Bewley 2016, SORT] and by their colours.

    Args:
        ids: of new tracks. Trackers that share them never give one twice.
        score_threshold: a detection must score this much to begin a track; weaker ones only prolong one.
        lost_after: seconds after which somebody who is not seen any more is given up; more where frames are rare.
    """

    def __init__(self, ids: Iterator[str], score_threshold: float = 0.5, lost_after: float = 1.5) -> None:
        from opendr_perception.tasks.people.looking import LookingTracker

        self._ids = ids
        self._names: dict[int, str] = {}
        self._lost_after = lost_after
        self._rhythm = Rhythm()
        self._tracker = LookingTracker(lost_after, score_threshold)
        self._camera = CameraMotion()
        self._last_stamp = 0.0

    @property
    def alive(self) -> frozenset[str]:
        """Tracks that may still come back."""
        return frozenset(self._names.values())

    def take_ids(self, ids: Iterator[str]) -> None:
        """Take the ids of new tracks from here on, as after the tracker was read from a value."""
        self._ids = ids

    def update(self, detections: Detections, stamp: float, image: Image | None = None) -> list[str]:
        """Follow everybody into the next frame.

        Args:
            detections: of this frame.
            stamp: of this frame in seconds, not before the last one; 0 when the publisher sets none.
            image: of this frame, for the colours of people and the motion of the camera; without, tracks are matched by
                place alone.

        Returns:
            The track of each detection, '' while it is not confirmed by a second frame.
        """
        if stamp != 0.0:
            stamp = max(stamp, self._last_stamp + 1e-3)  # frames of one stamp: time must advance for the motion model
            if self._last_stamp:
                self._rhythm.note(stamp - self._last_stamp)
            self._tracker.maximum_time_without_update = self._rhythm.patience(self._lost_after)
        self._last_stamp = stamp
        self._tracker.seen = None if image is None else looks(image, detections.boxes)
        moved = np.zeros(4, np.float32) if image is None else self._camera.see(image, detections.boxes)
        tracked = self._tracker.follow(detections.boxes - moved, detections.scores, stamp or None)
        alive = {track.tracker_id for track in self._tracker.tracks}
        self._names = {number: name for number, name in self._names.items() if number in alive}
        names = [""] * len(detections)
        for place, number in tracked.items():
            names[place] = self._names.get(number) or self._names.setdefault(number, next(self._ids))
        return names


def load_library() -> None:
    """Import what follows people, so that the first image of a stream does not wait for it."""
    import opendr_perception.tasks.people.looking  # noqa: F401


def tracker_kinds() -> Kinds:
    """Classes that a tracker is made of, for `tasks.memories`; whoever reads one gives it ids again by `take_ids`."""
    from opendr_perception.tasks.people.looking import LIBRARY_KINDS

    return {PersonTracker: {"_ids": lambda: iter(())}, CameraMotion: {}, **LIBRARY_KINDS}
