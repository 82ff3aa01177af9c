"""ByteTrack's tracks, matched by place and looks: what `tasks.people.tracking` takes of the library.

The library takes half a second to import, so that only those do it who track.
"""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import supervision
from trackers import BIoU, ByteTrackTracker
from trackers.core.bytetrack.tracklet import ByteTrackTracklet
from trackers.utils.kalman_filter import KalmanFilter
from trackers.utils.motion_models import KalmanMotionModel, ScalableProcessNoise
from trackers.utils.state_representations import XYXYStateEstimator

from opendr_perception.tasks.memories import Fresh, Kinds
from opendr_perception.tasks.people.appearance import Looks

NOMINAL_RATE = 10.0
"""Frames per second for which the motion model's noise is set; its steps follow the stamps. With ByteTrack's usual 30 a
person of `vtest.avi` gets four names where frames come at 3 to 5 Hz, as they do on a robot; with 10 about one."""

BUFFER_RATE = 30.0
"""ByteTrack counts the frames that a lost track is kept at this rate, whatever the real one is."""

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


class LookingTracker(ByteTrackTracker):
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

    def follow(
        self, boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], stamp: float | None
    ) -> dict[int, int]:
        """Follow everybody into the next frame.

        Args:
            boxes: (n, 4) of people, pixels, where they would be if the camera had not moved.
            scores: (n,).
            stamp: of the frame, s.

        Returns:
            The number of the track of each detection that has one.
        """
        tracked = self.update(
            supervision.Detections(
                xyxy=boxes,
                confidence=scores,
                data={"place": np.arange(len(boxes))},  # they are returned in another order
            ),
            timestamp=stamp,
        )
        numbers: npt.NDArray[np.intp] = np.asarray(tracked.tracker_id)
        pairs = zip(tracked.data.get("place", ()), numbers, strict=True)
        return {int(place): int(number) for place, number in pairs if number >= 0}


_OF_TRACKER: Fresh = {
    "iou": lambda: BIoU(buffer_ratio=BUFFER),
    "state_estimator_class": lambda: XYXYStateEstimator,
    "seen": lambda: None,
}
LIBRARY_KINDS: Kinds = {
    LookingTracker: _OF_TRACKER,
    ByteTrackTracklet: {},
    XYXYStateEstimator: {},
    KalmanFilter: {},
    KalmanMotionModel: {},
    ScalableProcessNoise: {},
}
"""Classes that a tracker is made of, for `tasks.memories`."""
