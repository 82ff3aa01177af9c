"""Labelled recordings of what people do, as COCO's 17 keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]

UNKNOWN = "unknown"
"""Name of an action that is none of a network's."""

UNJUDGED = ""
"""Name of frames of which nobody could say what they show."""

TRUNK = np.array([5, 6, 11, 12])
HIPS = np.array([11, 12])
FRAME_SIDE = 480.0
"""Pixels of the height of an image, where a set does not say."""


@dataclass(frozen=True, eq=False)
class ActionRecording:
    """One person who does one thing, before one camera.

    Attributes:
        subject: Who.
        action: What; UNKNOWN if it is none of a network's actions.
        part: 'train', 'validation' or 'test': fixed lists of persons, so that nobody is in two.
        rate: Frames per second.
        image: (T, 17, 2) pixels.
        world: (T, 17, 3) metres: away from the camera, up from the ground, to the camera's right. None without depth.
        seen: (T, 17), whether the set has the keypoint.
        begin, end: Frames between which the action lasts; outside the person is still.
        rest: Frames after the action in which the person does something else.
        accepted: Names that are right.
        before, after: Postures, of the frames outside.
        kind: What the set calls it.
    """

    subject: str
    action: str
    part: str
    rate: float
    image: Floats
    seen: Mask
    begin: int
    end: int
    accepted: tuple[str, ...]
    world: Floats | None = None
    before: str = "stand"
    after: str = "stand"
    kind: str = ""
    rest: int = 0

    def __len__(self) -> int:
        return len(self.image)

    @property
    def seconds(self) -> float:
        """Duration, s."""
        return len(self) / self.rate

    @property
    def keypoints(self) -> Floats:
        """(T, 17, 3): x, y in pixels and a score, 0 where the set has no such keypoint."""
        return np.concatenate([self.image * self.seen[..., None], self.seen[..., None]], -1).astype(np.float64)

    @property
    def names(self) -> Names:
        """(T,), what each frame shows."""
        names = np.full(len(self), self.action, dtype="<U16")
        names[: self.begin] = self.before
        names[self.end :] = self.after
        names[self.end : self.end + self.rest] = UNJUDGED
        return names

    def backwards(self, action: str) -> ActionRecording:
        """The same, played backwards, which shows another action."""
        flipped = {name: getattr(self, name)[::-1] for name in ("image", "seen")}
        world = None if self.world is None else self.world[::-1]
        return replace(
            self, action=action, accepted=(action,), begin=len(self) - self.end, end=len(self) - self.begin,
            before=self.after, after=self.before, world=world, **flipped,
        )  # fmt: skip


ENDS_SEATED = ("sit down",)
BEGINS_SEATED = ("stand up",)
ALL_ALONG = ("walk", "run", "stand", "sit")
"""Actions that last as long as the recording."""

STILL = 0.22
"""Share of a recording's usual fastest movement, below which somebody is still."""
SMOOTHED = 0.25
"""Seconds over which movement is smoothed."""


def active_part(points: Floats, seen: Mask, rate: float) -> tuple[int, int]:
    """Tell between which frames somebody moves.

    Args:
        points: (T, 17, D).
        seen: (T, 17).
        rate: Frames per second.

    Returns:
        The first frame of the movement and the one after its last; at least half a second, or everything.
    """
    count = len(points)
    if count < rate:
        return 0, count
    width = max(1, round(SMOOTHED * rate))
    kernel = np.ones(width) / width
    speeds = np.linalg.norm(np.diff(points, axis=0), axis=-1) * seen[1:] * seen[:-1]
    speeds[:, :5] = 0.0  # of the face only the nose is measured, and less well than the limbs
    smooth = np.stack([np.convolve(speed, kernel, "same") for speed in speeds.T])
    fastest = smooth.max(0)
    moves = np.flatnonzero(fastest > STILL * np.percentile(fastest, 95))
    if not len(moves):
        return 0, count
    begin, end = int(moves[0]), int(moves[-1]) + 2
    return (begin, min(end, count)) if end - begin >= rate / 2 else (0, count)


def recording(
    action: str | tuple[str, ...],
    points: Floats,
    seen: Mask,
    *,
    subject: str,
    part: str,
    rate: float,
    world: Floats | None = None,
    kind: str = "",
    trimmed: bool = True,
    share: float = 1.0,
) -> ActionRecording:
    """Put a recording together: find out when its action happens.

    Args:
        action: What is done; several names, if each of them is right.
        points: (T, 17, 2) pixels.
        trimmed: Whether somebody may be still at its beginning and end.
        share: Of the movement, that is the action; then comes something else.
    """
    names = (action,) if isinstance(action, str) else action
    whole = not trimmed or names[0] in ALL_ALONG
    begin, end = (0, len(points)) if whole else active_part(points if world is None else world, seen, rate)
    done = begin + round(share * (end - begin))
    return ActionRecording(
        subject=subject, action=names[0], part=part, rate=rate, image=points, seen=seen, begin=begin, end=done,
        rest=end - done, accepted=names, world=world, before="sit" if names[0] in BEGINS_SEATED else "stand",
        after="sit" if names[0] in ENDS_SEATED else "stand", kind=kind,
    )  # fmt: skip


def part_of(subject: str, test: Sequence[str], validation: Sequence[str]) -> str:
    """Split that a person belongs to."""
    return "test" if subject in test else "validation" if subject in validation else "train"
