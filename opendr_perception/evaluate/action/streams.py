"""One person who does one thing after another, made of single recordings: what a robot sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording, Names

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rng = np.random.Generator

FEET = np.array([15, 16])
HELD = (0.3, 1.0)
"""Seconds that somebody stays as the last recording has left him."""
MOVED = (0.4, 0.8)
"""Seconds of the way into the posture in which the next recording begins."""


@dataclass(frozen=True)
class Segment:
    """An action inside a stream: its recording, and the frames [begin, end)."""

    recording: ActionRecording
    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class PoseStream:
    """Somebody's film.

    Attributes:
        points: (T, 17, D): pixels, or metres in the world.
        seen: (T, 17).
        names: (T,), what is done in each frame; UNJUDGED in transitions.
        segments: The actions.
        rate: Frames per second.
    """

    points: Floats
    seen: Mask
    names: Names
    segments: tuple[Segment, ...]
    rate: float

    @property
    def keypoints(self) -> Floats:
        """(T, 17, 3): x, y in pixels and a score, 0 where a keypoint is missing."""
        return np.concatenate([self.points * self.seen[..., None], self.seen[..., None]], -1).astype(np.float64)


def alone(recording: ActionRecording) -> PoseStream:
    """A recording as a stream of its own: somebody comes into view, does it, and is gone."""
    segment = Segment(recording, recording.begin, recording.end)
    return PoseStream(recording.image, recording.seen, recording.names, (segment,), recording.rate)


def join(
    rng: Rng, recordings: Sequence[ActionRecording], *, world: bool = False, names_added: bool = False
) -> PoseStream:
    """Let recordings of one person and rate follow each other: each begins where the last one ended.

    Who sits gets up before an action that begins on the feet, and the other way round: the recording, backwards.

    Args:
        rng: Decides how long people stay and move in between.
        recordings: At least one.
        world: Join places in the world instead of pixels.
        names_added: Whether what was added (getting up, sitting down) has a name too. It is no segment in any case.
    """
    made = _Film(rng, recordings[0].rate, world)
    for recording in recordings:
        if made.posture == "sit" and recording.before != "sit" and made.last is not None:
            made.add(made.last.backwards("stand up"), named=names_added, judged=False)
        elif made.posture == "stand" and recording.before == "sit":
            made.add(recording.backwards("sit down"), named=names_added, judged=False)
        made.add(recording, named=True, judged=True)
    return made.stream()


class _Film:
    """A stream in the making."""

    def __init__(self, rng: Rng, rate: float, world: bool) -> None:
        self.rng, self.rate, self.world = rng, rate, world
        self.posture = "stand"
        self.last: ActionRecording | None = None
        self._points: list[Floats] = []
        self._seen: list[Mask] = []
        self._names: list[Names] = []
        self._segments: list[Segment] = []

    def add(self, recording: ActionRecording, *, named: bool, judged: bool) -> None:
        points = recording.world if self.world else recording.image
        assert points is not None, "this recording has no depth"
        if self._points:
            self._stay()
            points = points + self._shift(points[0])
            self._move_to(points[0], recording.seen[0])
        start = sum(map(len, self._points))
        names = recording.names
        if not named:
            names[recording.begin : recording.end] = UNJUDGED
        self._append(points, recording.seen, names)
        if judged:
            self._segments.append(Segment(recording, start + recording.begin, start + recording.end))
        self.posture, self.last = recording.after, recording

    def stream(self) -> PoseStream:
        return PoseStream(
            np.concatenate(self._points),
            np.concatenate(self._seen),
            np.concatenate(self._names),
            tuple(self._segments),
            self.rate,
        )

    def _append(self, points: Floats, seen: Mask, names: Names) -> None:
        self._points.append(points)
        self._seen.append(seen)
        self._names.append(names)

    def _shift(self, first: Floats) -> Floats:
        """Offset that brings the feet of the next recording to those of the last one."""
        shift = self._points[-1][-1, FEET].mean(0) - first[FEET].mean(0)
        return shift * [1.0, 0.0, 1.0] if self.world else shift

    def _frames(self, seconds: tuple[float, float]) -> int:
        return max(2, round(self.rng.uniform(*seconds) * self.rate))

    def _stay(self) -> None:
        count = self._frames(HELD)
        assert self.last is not None
        still = self.last.end < len(self.last)
        name = self.last.after if still else UNJUDGED
        self._append(
            np.repeat(self._points[-1][-1:], count, 0),
            np.repeat(self._seen[-1][-1:], count, 0),
            np.full(count, name, "<U16"),
        )

    def _move_to(self, first: Floats, seen: Mask) -> None:
        count = self._frames(MOVED)
        share = np.linspace(0, 1, count + 2)[1:-1, None, None]
        share = share * share * (3 - 2 * share)
        last = self._points[-1][-1]
        self._append(
            (1 - share) * last + share * first,
            np.repeat((self._seen[-1][-1] & seen)[None], count, 0),
            np.full(count, UNJUDGED, "<U16"),
        )
