"""Give people ids that stay with them from frame to frame."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import supervision
from trackers import BIoU, ByteTrackTracker
from trackers.core.bytetrack.tracklet import ByteTrackTracklet
from trackers.utils.kalman_filter import KalmanFilter
from trackers.utils.motion_models import KalmanMotionModel, ScalableProcessNoise
from trackers.utils.state_representations import XYXYStateEstimator

from opendr_perception.tasks.imaging import Image, Rhythm
from opendr_perception.tasks.memories import Fresh, Kinds
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.appearance import Looks, looks

NOMINAL_RATE = 10.0
"""Frames per second for which the motion model's noise is set; its steps follow the stamps. With ByteTrack's usual 30 a
person of `vtest.avi` gets four names where frames come at 3 to 5 Hz, as they do on a robot; with 10 about one."""

BUFFER_RATE = 30.0
"""ByteTrack counts the frames that a lost track is kept at this rate, whatever the real one is."""


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


BUFFER = 0.3
"""Boxes are enlarged by this share of their sides before their overlap is taken [Yang 2023, C-BIoU]: people who walk
across the image at 5 Hz leave their own boxes between two frames."""
LEAST_OVERLAP = 0.1
UNLIKE = 0.5
"""Likeness of looks from which it counts for a match; that of strangers is about this."""
UNKNOWN_LIKENESS = 0.8
"""Of a track that was seen once."""
KEPT_LOOK = 0.9
"""Share of a track's look that stays when it is seen anew."""


class _LookingTracker(ByteTrackTracker):
    """ByteTrack's Kalman filters and life of tracks, with all detections in one stage, matched by place and looks."""

    tracker_id = "opendr_perception"
    search_space: ClassVar[dict[str, dict[str, object]]] = {}

    def __init__(self, lost_after: float, score_threshold: float) -> None:
        super().__init__(
            lost_track_buffer=round(lost_after * BUFFER_RATE),
            frame_rate=NOMINAL_RATE,
            track_activation_threshold=score_threshold,
            high_conf_det_threshold=0.0,
            minimum_consecutive_frames=2,
            minimum_iou_threshold=LEAST_OVERLAP,
            iou=BIoU(buffer_ratio=BUFFER),
        )
        self.seen: Looks | None = None
        self._remembered: WeakKeyDictionary[object, npt.NDArray[np.float32]] = WeakKeyDictionary()

    def _get_associated_indices(
        self, similarity_matrix: npt.NDArray[np.float64], min_similarity_thresh: float
    ) -> tuple[list[tuple[int, int]], list[int], list[int]]:
        """Match tracks (rows) with detections (columns), by looks too if they are known."""
        seen = self.seen
        if seen is None or similarity_matrix.shape != (len(self.tracks), len(seen)):  # the empty second stage
            return super()._get_associated_indices(similarity_matrix, min_similarity_thresh)
        alike: npt.NDArray[np.float64] = np.full(similarity_matrix.shape, UNKNOWN_LIKENESS)
        for row, track in enumerate(self.tracks):
            if track in self._remembered:
                alike[row] = seen @ self._remembered[track]
        alike = np.clip((alike - UNLIKE) / (1 - UNLIKE), 0, 1)
        both = np.where((similarity_matrix > 0) & (alike > 0), (similarity_matrix + alike) / 2, 0)
        matches = super()._get_associated_indices(both, min_similarity_thresh)
        for row, column in matches[0]:
            track = self.tracks[row]
            look = KEPT_LOOK * self._remembered.get(track, seen[column]) + (1 - KEPT_LOOK) * seen[column]
            self._remembered[track] = look / max(float(np.linalg.norm(look)), 1e-6)
        return matches


class PersonTracker:
    """Tracks the people of one stream by where they go [Kalman filters of Bewley 2016, SORT] and by their colours.

    Args:
        ids: of new tracks. Trackers that share them never give one twice.
        score_threshold: a detection must score this much to begin a track; weaker ones only prolong one.
        lost_after: seconds after which somebody who is not seen any more is given up; more where frames are rare.
    """

    def __init__(self, ids: Iterator[str], score_threshold: float = 0.5, lost_after: float = 1.5) -> None:
        self._ids = ids
        self._names: dict[int, str] = {}
        self._lost_after = lost_after
        self._rhythm = Rhythm()
        self._tracker = _LookingTracker(lost_after, score_threshold)
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
            image: of this frame, for the colours of people; without, tracks are matched by place alone.

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
                names[place] = self._names.get(number) or self._names.setdefault(number, next(self._ids))
        return names


_OF_TRACKER: Fresh = {
    "iou": lambda: BIoU(buffer_ratio=BUFFER),
    "state_estimator_class": lambda: XYXYStateEstimator,
    "seen": lambda: None,
}
TRACKER_KINDS: Kinds = {
    PersonTracker: {"_ids": lambda: iter(())},
    _LookingTracker: _OF_TRACKER,
    ByteTrackTracklet: {},
    XYXYStateEstimator: {},
    KalmanFilter: {},
    KalmanMotionModel: {},
    ScalableProcessNoise: {},
}
"""Classes that a tracker is made of, for `tasks.memories`; whoever reads one gives it ids again by `take_ids`."""
