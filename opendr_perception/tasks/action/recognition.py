"""Tell what each tracked person is doing, from the keypoints of one observation after the other."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.action import skeleton
from opendr_perception.tasks.action.begins import NOT_TOLD, parted
from opendr_perception.tasks.action.skeleton import SkeletonState, observe
from opendr_perception.tasks.shapes import Keypoints, Probabilities
from opendr_perception.tasks.tracks import Key, TrackFollower, TrackMemory

KEPT = 2
"""So many times the people of one image are remembered at most, whatever stamps say."""


@dataclass(frozen=True)
class TrackedPoses:
    """The people of one image of one stream.

    Args:
        memory: what is kept of the stream.
        tracks: a name for each person; '' for those who are not tracked, who get no answer.
        keypoints: (n, 17, 3), x, y in pixels and score, in the order of COCO; NaN or a score of 0 where missing.
        stamp: seconds.
    """

    memory: ActionMemory
    tracks: Sequence[str]
    keypoints: Keypoints
    stamp: float


@dataclass(frozen=True)
class Action:
    """Action of a person.

    Args:
        track: of the person.
        probabilities: (labels,), summing to 1.
        frames: that the network has seen of this person.
        warm: whether its receptive field is filled.
        begins: (labels,), how probable it is that each has just begun, of which the model says what that means; empty
            where the model does not tell.
    """

    track: str
    probabilities: Probabilities
    frames: int
    warm: bool
    begins: np.ndarray = field(default_factory=lambda: NOT_TOLD)


@dataclass
class PersonState:
    """State of one person: the normalisation, and the newest answer."""

    skeleton: SkeletonState | None = None
    newest: Action | None = None


@dataclass
class ActionMemory(TrackMemory):
    """Memory of one stream: its people by track, the one observed last at the end."""

    people: dict[str, PersonState] = field(default_factory=dict)
    origin: float = math.nan
    """A time of the grid on which the frames of all of them lie, seconds."""

    @property
    def tracks(self) -> Collection[str]:
        return self.people.keys()

    def drop(self, track: str) -> None:
        del self.people[track]


class ActionRecogniser(TrackFollower[ActionMemory]):
    """A continual skeleton network that follows any number of people on any number of streams.

    Args:
        session: an exported network, whose metadata have `labels` (a JSON list) and `skeleton_version`.
        lost_after: seconds after which somebody who is not observed any more is forgotten, and begins anew; more where
            images are rare.
        max_persons: the largest so many of an image are looked at; the time grows with their number.

    Raises:
        EngineError: the model is of another kind, or for another normalisation.
    """

    def __init__(self, session: Session, lost_after: float = 1.0, max_persons: int = 20) -> None:
        self.lost_after = lost_after
        self.max_persons = max_persons
        self._bank = StateBank(session)
        super().__init__(self._bank)
        self.labels = _labels(session)

    def __call__(self, observations: Sequence[TrackedPoses]) -> list[list[Action]]:
        """Take the next observation of some streams, and answer for each person who is tracked in it.

        A person of whom nothing can be said yet, because the network fills, gets no answer.
        """
        waiting = {
            (observation.memory.serial, track): (person, frames)
            for observation in observations
            for track, person, frames in self._follow(observation)
        }
        while waiting:  # people may be due several frames each; each round gives one to everybody who is due one
            self._step(waiting)
            waiting = {key: (person, frames[1:]) for key, (person, frames) in waiting.items() if len(frames) > 1}
        return [
            [person.newest for track in o.tracks if (person := o.memory.people.get(track)) and person.newest]
            for o in observations
        ]

    def _follow(self, observation: TrackedPoses) -> Iterator[tuple[str, PersonState, np.ndarray]]:
        """The new frames of each person who is due some."""
        memory, stamp = observation.memory, observation.stamp
        if math.isnan(memory.origin):
            memory.origin = stamp
        chosen = self._choose(observation)
        self._forget_lost(observation, chosen)
        for track, keypoints in chosen.items():
            person = memory.people[track] = memory.people.pop(track, PersonState())
            if person.skeleton is not None and stamp <= person.skeleton.stamp:
                continue  # the same image again says nothing new
            frames, person.skeleton = observe(keypoints, stamp, person.skeleton, memory.origin)
            if len(frames):
                yield track, person, frames

    def _choose(self, observation: TrackedPoses) -> dict[str, np.ndarray]:
        """The keypoints of those who are looked at, by their tracks: the largest ones."""
        tracked = {
            track: keypoints
            for track, keypoints in zip(observation.tracks, observation.keypoints, strict=True)
            if track != ""
        }
        if len(tracked) <= self.max_persons:
            return tracked
        largest = sorted(tracked, key=lambda track: _size(tracked[track]), reverse=True)[: self.max_persons]
        return {track: tracked[track] for track in tracked if track in largest}

    def _forget_lost(self, observation: TrackedPoses, here: Collection[str]) -> None:
        """Forget who has been away for too long; without time that advances, who is not here; and whoever are too many.

        The past of a skeleton ends at `skeleton.MAX_GAP`, whatever the rhythm of the images is.
        """
        memory, stamp = observation.memory, observation.stamp
        stands = not memory.advances(stamp)
        limit = min(memory.rhythm.patience(self.lost_after), skeleton.MAX_GAP)
        for track, person in list(memory.people.items()):
            last = stamp if person.skeleton is None else person.skeleton.stamp
            away = track not in here
            crowded = len(memory.people) > KEPT * self.max_persons
            if stamp - last > limit or (away and (stands or crowded)):
                self.forget_track(memory, track)

    def _step(self, waiting: dict[Key, tuple[PersonState, np.ndarray]]) -> None:
        keys = list(waiting)
        step = self._bank.step(keys, np.stack([frames[0][..., None] for _, frames in waiting.values()]))
        for place, (person, _) in enumerate(waiting.values()):
            if step.valid[place]:
                probabilities, begins = parted(step.output[place], len(self.labels))
                person.newest = Action(
                    keys[place][1], probabilities, int(step.frames[place]), bool(step.warm[place]), begins
                )


def _size(keypoints: np.ndarray) -> float:
    """Of the keypoints that are seen, in pixels: the diagonal of the box around them; 0 for none."""
    seen = keypoints[np.isfinite(keypoints).all(1) & (np.nan_to_num(keypoints[:, 2]) > 0), :2]
    return float(np.hypot(*np.ptp(seen, axis=0))) if len(seen) else 0.0


def _labels(session: Session) -> tuple[str, ...]:
    metadata = session.metadata
    version = metadata.get("skeleton_version")
    if version != str(skeleton.VERSION):
        raise EngineError(
            f"{session.path}: it is for version {version} of the skeleton's normalisation, this is {skeleton.VERSION}"
        )
    try:
        return tuple(json.loads(metadata["labels"]))
    except (KeyError, ValueError) as error:
        raise EngineError(f"{session.path}: its labels cannot be read: {error!r}") from error
