"""From a labelled recording to recordings of single actions, through the perceiver that the node uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording, Floats
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.action import MIN_SCORE
from opendr_perception.tasks.body import PosePerceiver
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.training.common.label_rows import LabelRow

RATE = 30.0
"""Of the recordings that come out, Hz: poses are interpolated to it."""
MARGIN = 1.0
"""Seconds that are kept before and after an action."""
SEEN = 0.5
"""Share of the time of an action in which its person must be seen."""
GAP = 0.5
"""Seconds that a person may be lost for in between."""
PIECE = 5.0
"""Seconds of a piece without labels."""
ENOUGH = 6
"""Keypoints without which a pose says nothing."""


@dataclass(frozen=True, eq=False)
class Track:
    """Poses of one person.

    Attributes:
        name: Of the person, in this recording.
        stamps: (n,) seconds from the first frame of the recording.
        keypoints: (n, 17, 3) pixels and scores.
    """

    name: str
    stamps: Floats
    keypoints: Floats

    def share_seen(self, begin: float, end: float) -> float:
        """Share of a time in which the person is seen, by gaps that are short enough."""
        inside = self.stamps[(self.stamps >= begin) & (self.stamps <= end)]
        steps = np.diff(np.concatenate([[begin], inside, [end]])) if len(inside) else np.array([end - begin])
        return 1.0 - float(steps[steps > GAP].sum()) / (end - begin)

    def height(self, begin: float, end: float) -> float:
        """Mean height of the person in the image in some time, pixels; 0 where not seen."""
        inside = (self.stamps >= begin) & (self.stamps <= end)
        return float(np.ptp(self.keypoints[inside][..., 1], axis=1).mean()) if inside.any() else 0.0

    def cut(self, begin: float, end: float) -> tuple[Floats, float]:
        """Keypoints at RATE (t, 17, 3) in a time, as far as the person is seen, and when they begin."""
        begin, end = max(begin, float(self.stamps[0])), min(end, float(self.stamps[-1]))
        times = np.arange(begin, max(end, begin + 2 / RATE), 1 / RATE)
        after = np.clip(np.searchsorted(self.stamps, times), 1, len(self.stamps) - 1)
        gap = np.maximum(self.stamps[after] - self.stamps[after - 1], 1e-9)
        share = np.clip((times - self.stamps[after - 1]) / gap, 0.0, 1.0)[:, None, None]
        points = (1 - share) * self.keypoints[after - 1] + share * self.keypoints[after]
        known = np.minimum(self.keypoints[after - 1, :, 2], self.keypoints[after, :, 2])
        points[..., 2] = np.where((gap > GAP)[:, None], 0.0, known)
        return points, begin


def tracks_of(path: Path, perceiver: PosePerceiver, tell: Callable[[int], None] = lambda frame: None) -> list[Track]:
    """Find the people of a recording.

    Args:
        path: A film, a bag, or a folder of images.
        perceiver: Finds and tracks poses.
        tell: Is told the number of each frame.

    Raises:
        DatasetError: It cannot be played, or shows nobody.
    """
    memory = perceiver.new_memory()
    stamps: defaultdict[str, list[float]] = defaultdict(list)
    keypoints: defaultdict[str, list[Floats]] = defaultdict(list)
    first: int | None = None
    try:
        with open_source(str(path)) as source:
            for number, frame in enumerate(source):
                if frame.stamp is None:
                    raise DatasetError(f"{path}: a camera is no recording: record it first")
                first = frame.stamp if first is None else first
                poses = perceiver(frame.image, memory, frame.stamp * 1e-9).in_layout("coco17")
                for track, points in zip(poses.tracks or (), poses.keypoints, strict=True):
                    if track and (points[:, 2] >= MIN_SCORE).sum() >= ENOUGH:
                        stamps[track].append((frame.stamp - first) * 1e-9)
                        keypoints[track].append(points.astype(np.float64))
                tell(number)
    except VideoError as error:
        raise DatasetError(str(error)) from error
    found = [Track(name, np.array(at), np.stack(keypoints[name])) for name, at in stamps.items() if len(at) > 1]
    if not found:
        raise DatasetError(f"{path} shows nobody: there is nothing to learn from it")
    return found


def recordings_of(path: Path, tracks: Sequence[Track], rows: Sequence[LabelRow], labels: Path) -> list[ActionRecording]:
    """Cut out what is labelled, and pieces of what is not.

    The action of a row is that of the person who is largest in the image while it lasts. Pieces without a label, of
    anybody, have the action UNJUDGED.

    Args:
        path: The recording.
        tracks: Its people.
        rows: Its labels, in order of time.
        labels: Their file, for messages.

    Raises:
        DatasetError: Nobody is seen in the time of a row.
    """
    found = []
    for row in rows:
        seen = [track for track in tracks if track.share_seen(row.begin, row.end) >= SEEN]
        if not seen:
            raise DatasetError(
                f"{labels}, line {row.line} ({row.label}): {path.name} shows nobody from {row.begin:g} to {row.end:g} s"
            )
        who = max(seen, key=lambda track: track.height(row.begin, row.end))
        found.append(_cut(path, who, row.begin, row.end, row.label))
    return [*found, *_unlabelled(path, tracks, rows)]


def _cut(path: Path, track: Track, begin: float, end: float, label: str, margin: float = MARGIN) -> ActionRecording:
    points, start = track.cut(begin - margin, end + margin)
    first = min(max(round((begin - start) * RATE), 0), len(points) - 1)
    last = min(max(round((end - start) * RATE), first + 1), len(points))
    return ActionRecording(
        subject=f"{path.name} {track.name}", action=label, part="train", rate=RATE, image=points[..., :2],
        seen=points[..., 2] >= MIN_SCORE, begin=first, end=last, accepted=(label,), before=UNJUDGED, after=UNJUDGED,
    )  # fmt: skip


def _unlabelled(path: Path, tracks: Sequence[Track], rows: Sequence[LabelRow]) -> Iterator[ActionRecording]:
    for track in tracks:
        for begin in np.arange(track.stamps[0], track.stamps[-1] - 1.0, PIECE, dtype=np.float64).tolist():
            end = min(begin + PIECE, float(track.stamps[-1]))
            labelled = any(row.begin - MARGIN < end and begin < row.end + MARGIN for row in rows)
            if not labelled and track.share_seen(begin, end) >= SEEN:
                piece = _cut(path, track, begin, end, UNJUDGED, margin=0.0)
                yield replace(piece, begin=0, end=len(piece))
