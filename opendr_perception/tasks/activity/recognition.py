"""Follow what happens in streams of images: in the whole image, or around each tracked person.

Networks for activities want about 6 images a second, and cameras bring 30 or 60. An image is looked at when its time
has come by the stamps; between, the last answer holds. Where the image has stood still for as long as an answer looks
back, nothing new can be learnt from it, and it is not looked at either.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.action import Action, parted
from opendr_perception.tasks.activity.model import ActivityModel
from opendr_perception.tasks.imaging import Image, Pixels, crop_resize, letterbox
from opendr_perception.tasks.people import TrackedPeople
from opendr_perception.tasks.tracks import Key, TrackFollower, TrackMemory

MARGIN = 1.25
"""Side of the square that is cut out, in longest sides of the person's box so far."""
SHRINKS = 0.98
"""Factor for each look by which that side follows a box that becomes smaller."""
EARLY = 0.25
"""Share of a period by which an image may come early and still be looked at."""
DARK = 6
"""Range of grey levels of an image in which there is nothing to see, such as a covered lens."""
THUMB = 16
"""Pixels of the images by which it is told whether anything moves."""


@dataclass
class KeyState:
    """Memory of a stream or person, besides the network's state."""

    due: float = -math.inf
    """Stamp from which on an image is looked at."""
    stamp: float = -math.inf
    size: float = 0.0
    """Longest side of the box, pixels."""
    thumb: npt.NDArray[np.int16] | None = None
    still: int = 0
    """Looks in a row in which nothing has moved."""
    newest: Action | None = None


@dataclass
class ActivityMemory(TrackMemory):
    """Memory of one stream."""

    keys: dict[str, KeyState] = field(default_factory=dict)
    shape: tuple[int, int] = (0, 0)
    skipped: int = 0
    """Looks that were saved because nothing moved."""

    @property
    def tracks(self) -> Collection[str]:
        return self.keys.keys()

    def drop(self, track: str) -> None:
        del self.keys[track]


@dataclass(frozen=True)
class ActivityView:
    """One image of one stream.

    Args:
        memory: what is kept of the stream.
        image: the image.
        people: in it; None to look at the whole image.
        stamp: seconds; 0 if nothing says when it was, and then every image is looked at.
    """

    memory: ActivityMemory
    image: Image
    people: TrackedPeople | None
    stamp: float


class ActivityRecogniser(TrackFollower[ActivityMemory]):
    """A continual video network that follows any number of streams and people.

    Args:
        model: the network.
        horizon: place of the average that answers, in the model's `horizons`.
        lost_after: seconds after which somebody who is not seen any more is forgotten; more where images are rare.
        max_persons: the largest so many of an image are looked at; the time grows with their number.
        still_below: mean change in grey levels of no part of the image above which nothing moves; 0 to always look.
    """

    def __init__(
        self,
        model: ActivityModel,
        horizon: int = 0,
        lost_after: float = 1.0,
        max_persons: int = 5,
        still_below: float = 0.0,
    ) -> None:
        super().__init__(model.states)
        self.model = model
        self.horizon, self.lost_after = horizon, lost_after
        self.max_persons, self.still_below = max_persons, still_below

    def __call__(self, views: Sequence[ActivityView]) -> list[list[Action]]:
        """Take the next image of some streams; those that are due are looked at in one batch.

        Returns:
            For each image an answer for the stream, with the track '', or one for each tracked person. There is none
            while the network fills, nor for an image in which there is nothing to see.
        """
        due: dict[Key, tuple[KeyState, Pixels]] = {}
        shown: list[list[KeyState]] = []
        for view in views:
            seen = self._follow(view)
            shown.append([state for state, _ in seen.values()])
            for track, (state, pixels) in seen.items():
                if pixels is not None and self._moves(view.memory, state, pixels):
                    due[view.memory.serial, track] = (state, pixels)
        if due:
            self._step(due)
        return [[state.newest for state in states if state.newest is not None] for states in shown]

    # --- what is looked at ------------------------------------------------------------------------------------------

    def _follow(self, view: ActivityView) -> dict[str, tuple[KeyState, Pixels | None]]:
        """People in an image, and the cut-out of each where it is time to look at it."""
        memory, shape = view.memory, (view.image.height, view.image.width)
        if memory.shape not in ((0, 0), shape):
            self.forget(memory)  # another camera, or another lens: what was seen before does not fit
        memory.shape = shape
        if np.ptp(view.image.pixels[::8, ::8]) < DARK:
            return {}
        boxes = _boxes(view, self.max_persons)
        self._forget_lost(view, boxes)
        found: dict[str, tuple[KeyState, Pixels | None]] = {}
        for track, box in boxes.items():
            state = memory.keys[track] = memory.keys.pop(track, KeyState())
            found[track] = (state, self._cut_out(view, state, box) if self._is_due(view, state) else None)
        return found

    def _is_due(self, view: ActivityView, state: KeyState) -> bool:
        """True if it is time for the next look; sets the time of the one after it."""
        period = 1.0 / self.model.rate
        if view.stamp == 0:
            return True
        if view.stamp <= state.stamp or view.stamp < state.due - EARLY * period:
            return False
        late = view.stamp - state.due
        state.due = state.due + period if late < period else view.stamp + period
        state.stamp = view.stamp
        return True

    def _cut_out(self, view: ActivityView, state: KeyState, box: npt.NDArray[np.float32] | None) -> Pixels:
        side = self.model.side
        if box is None:
            return letterbox(view.image, (side, side), "rgb", place="stretch")[0]
        longest = float(max(box[2] - box[0], box[3] - box[1]))
        state.size = max(longest, SHRINKS * state.size)
        half = MARGIN * state.size / 2
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return crop_resize(view.image, (x - half, y - half, x + half, y + half), (side, side), "rgb")[0]

    def _moves(self, memory: ActivityMemory, state: KeyState, pixels: Pixels) -> bool:
        """True if a cut-out has to be looked at: something moves, or has moved while the answer looks back."""
        if self.still_below <= 0:
            return True
        thumb = cv2.resize(pixels.mean(2), (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.int16)
        before, state.thumb = state.thumb, thumb
        change = math.inf if before is None else float(np.abs(thumb - before).max())
        state.still = state.still + 1 if change < self.still_below else 0
        if state.newest is None or state.still <= self.model.horizons[self.horizon].frames + self.model.delay:
            return True
        memory.skipped += 1
        return False

    # --- states -----------------------------------------------------------------------------------------------------

    def _step(self, due: dict[Key, tuple[KeyState, Pixels]]) -> None:
        keys = list(due)
        scores = self.model.step(keys, [pixels for _, pixels in due.values()])
        warm = self.model.horizons[self.horizon].warm
        for place, (state, _) in enumerate(due.values()):
            if scores.valid[place]:
                seen = int(scores.frames[place])
                answer, begins = parted(scores.probabilities[place, :, self.horizon], len(self.model.labels))
                state.newest = Action(keys[place][1], answer, seen, seen >= warm, begins)

    def _forget_lost(self, view: ActivityView, here: dict[str, npt.NDArray[np.float32] | None]) -> None:
        """Forget who has been away for too long; without time that advances, who is not here."""
        memory, stamp = view.memory, view.stamp
        stands = not memory.advances(stamp)
        limit = memory.rhythm.patience(max(self.lost_after, 2.0 / self.model.rate))
        for track, state in list(memory.keys.items()):
            if track not in here and (stands or stamp - state.stamp > limit):
                self.forget_track(memory, track)


def _boxes(view: ActivityView, most: int) -> dict[str, npt.NDArray[np.float32] | None]:
    """Parts of an image to look at, by track: the largest people, or, without people, all of it."""
    if view.people is None:
        return {"": None}
    boxes = view.people.detections.boxes
    tracked = [place for place, track in enumerate(view.people.tracks) if track]
    sizes = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    chosen = sorted(sorted(tracked, key=lambda place: -float(sizes[place]))[:most])
    return {view.people.tracks[place]: boxes[place] for place in chosen}
