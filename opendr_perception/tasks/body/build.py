"""From settings to a perceiver of poses: people first and then their keypoints, or all at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.body.bottom_up import BottomUpEstimator
from opendr_perception.tasks.body.calibration import curves_of
from opendr_perception.tasks.body.formats import is_bottom_up
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.body.pose import PoseEstimator, Poses, largest
from opendr_perception.tasks.body.seeking import Seeker
from opendr_perception.tasks.body.settings import Settings
from opendr_perception.tasks.body.turns import Looked, Plan, plan
from opendr_perception.tasks.imaging import Image, Pixels
from opendr_perception.tasks.memories import Kinds, NotAValue
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import (
    PeopleMemory,
    PeopleOfImage,
    PersonTracker,
    Seen,
    given,
    new_ids,
    people_kinds,
    resume_ids,
    track_ids,
)
from opendr_perception.tasks.perceiver import Moment, Perceiver, TwoSteps, Warn, as_image

DEFAULTS = Settings()


@dataclass
class BodyMemory(PeopleMemory):
    """Memory of one stream: also the last keypoints, where not everybody is estimated in each image."""

    looked: Looked | None = None


@dataclass(frozen=True)
class FoundImage:
    """An image in which people were found.

    Args:
        image: the image.
        people: those whose keypoints are wanted.
        tracks: theirs; None where the memory's tracker is to tell.
        seen: for the memory, where this perceiver has looked for people.
    """

    image: Image
    people: Detections
    tracks: Sequence[str] | None = None
    seen: Seen | None = None


class PosePerceiver(
    TwoSteps[Image | PeopleOfImage, Poses, BodyMemory, Poses],
    Perceiver[Settings, Image | PeopleOfImage, BodyMemory, Poses],
):
    """Finds and tracks poses.

    With `people:=own` it takes images, and glances at large ones first if that is wanted; with `people:=topic` it takes
    images with the people in them, and gives each the track that they have there.
    """

    def __init__(
        self, settings: Settings, sessions: zoo.Sessions, warn: Warn, ids: Iterator[str] | None = None
    ) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions)
        self._ids = ids or new_ids()
        self.estimator: PoseEstimator | BottomUpEstimator
        self.seeker: Seeker | None = None
        if settings.people == "topic":
            if is_bottom_up(session):
                raise ValueError(f"{settings.model} finds all people by itself: people must be 'own'")
            self.estimator = PoseEstimator(_nobody, session)
            if settings.high_resolution:
                warn("high_resolution is for finding people, who come with people 'topic': it is left out")
        else:
            self.seeker = Seeker(settings, session, sessions)
            self.estimator = self.seeker.estimator(session)
        _warm_up(self.estimator, session)
        self._curves = curves_of(settings.model)
        if settings.calibrated_scores and self._curves is None:
            warn(f"calibrated_scores: nothing was measured of {settings.model}, whose scores stay as they are")
        self.adopt(settings)

    def __call__(
        self, seen: Image | PeopleOfImage | Pixels, memory: BodyMemory | None = None, stamp: float = 0.0
    ) -> Poses:
        """Perceive one image; without a memory, by itself.

        Args:
            seen: an Image, (H, W, 3) uint8 BGR as OpenCV reads it, or an image with the people in it.
            memory: of its stream.
            stamp: seconds.
        """
        return super().__call__(seen if isinstance(seen, PeopleOfImage) else as_image(seen), memory, stamp)

    def kinds(self) -> Kinds:
        return {**people_kinds(), BodyMemory: {}, Looked: {}}

    def new_memory(self) -> BodyMemory:
        return BodyMemory(PersonTracker(self._ids))

    def parts(self, memory: BodyMemory) -> object:
        return memory, given(self._ids)

    def whole(self, parts: object) -> BodyMemory:
        match parts:
            case (BodyMemory() as memory, int(last)):
                resume_ids(memory.tracker, self._ids, last)
                return memory
        raise NotAValue("it is no memory of poses")

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        if self.seeker is not None:
            self.seeker.people.check(wanted)

    def adopt(self, settings: Settings) -> None:
        self.estimator.max_persons = settings.max_persons
        if self.seeker is not None:
            self.seeker.adopt(settings, self.estimator)

    def perceive(self, moments: Sequence[Moment[Image | PeopleOfImage, BodyMemory]]) -> Iterable[Poses]:
        if isinstance(self.estimator, BottomUpEstimator):
            images = [_image(moment.input) for moment in moments]
            everybody = self.estimator(images)
            sights = [FoundImage(image, poses.people) for image, poses in zip(images, everybody, strict=True)]
            return map(self._answer, moments, sights, [None] * len(sights), everybody)
        sights = self._given(moments) if self.seeker is None else self._sought(moments, self.seeker)
        plans = [self._plan(moment.memory, sight) for moment, sight in zip(moments, sights, strict=True)]
        looked_at = [
            sight.people if plan is None else sight.people[plan.chosen]
            for sight, plan in zip(sights, plans, strict=True)
        ]
        found = self.estimator.of([sight.image for sight in sights], looked_at)
        return map(self._answer, moments, sights, plans, found)

    @property
    def steps_apart(self) -> bool:
        return self.seeker is not None and self.settings.detect_every == 1 and not self.settings.max_fresh

    def look(self, inputs: Sequence[Image | PeopleOfImage]) -> Sequence[Poses]:
        images = [_image(each) for each in inputs]
        if self.seeker is None or isinstance(self.estimator, BottomUpEstimator):
            return self.estimator(images)
        people = [found[largest(found, self.settings.max_persons)] for found in self.seeker.find(images)]
        return self.estimator.of(images, people)

    def answer(self, moment: Moment[Image | PeopleOfImage, BodyMemory], seen: Poses) -> Poses:
        return self._answer(moment, FoundImage(_image(moment.input), seen.people), None, seen)

    def _given(self, moments: Sequence[Moment[Image | PeopleOfImage, BodyMemory]]) -> list[FoundImage]:
        """Images whose people come with them."""
        known = [_known(moment.input, self.settings.max_persons) for moment in moments]
        return [FoundImage(each.image, each.people.detections, each.people.tracks) for each in known]

    def _sought(self, moments: Sequence[Moment[Image | PeopleOfImage, BodyMemory]], seeker: Seeker) -> list[FoundImage]:
        """Images in which the people are looked for."""
        images = [_image(moment.input) for moment in moments]
        memories, stamps = [moment.memory for moment in moments], [moment.stamp for moment in moments]
        seen = seeker.people.seek(images, memories, stamps, seeker.find)
        most = self.settings.max_persons
        return [
            FoundImage(image, each.people[largest(each.people, most)], seen=each)
            for image, each in zip(images, seen, strict=True)
        ]

    def _plan(self, memory: BodyMemory, sight: FoundImage) -> Plan | None:
        """The plan of whose keypoints are estimated; None for everybody."""
        most = self.settings.max_fresh
        return plan(memory.looked, sight.image, sight.people.boxes, most, len(COCO17)) if most else None

    def _answer(
        self,
        moment: Moment[Image | PeopleOfImage, BodyMemory],
        sight: FoundImage,
        planned: Plan | None,
        found: Poses,
    ) -> Poses:
        memory, poses = moment.memory, found
        memory.seen, memory.looked = sight.seen, None
        if planned is not None:
            memory.looked = planned.done(found.keypoints)
            poses = Poses(sight.people, memory.looked.keypoints, found.layout)
        tracks = sight.tracks
        if tracks is None:
            tracks = track_ids(memory.tracker, poses.people, self.settings, moment.stamp, sight.image)
        return replace(self._calibrated(poses).in_layout(self.settings.layout), tracks=tracks)

    def _calibrated(self, poses: Poses) -> Poses:
        """The same with scores as the settings want them."""
        if not self.settings.calibrated_scores or self._curves is None:
            return poses
        keypoints = poses.keypoints.copy()
        keypoints[..., 2] = self._curves(keypoints[..., 2])
        return replace(poses, keypoints=keypoints)


def build(
    settings: Settings = DEFAULTS,
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
    ids: Iterator[str] | None = None,
) -> PosePerceiver:
    """A perceiver of the poses of people in images.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.
        ids: of new tracks, for results that can be had again; else those of `new_ids`.

    Raises:
        ValueError: a setting has a value that is not allowed, or that cannot work.
        ZooError, EngineError: a model cannot be had or loaded.
    """
    values.check(settings)
    return PosePerceiver(settings, sessions, warn, ids)


def _image(seen: Image | PeopleOfImage) -> Image:
    if not isinstance(seen, Image):
        raise ValueError("the people in an image are taken with people 'topic' only")
    return seen


def _known(seen: Image | PeopleOfImage, number: int) -> PeopleOfImage:
    """An image with the so many largest people in it."""
    if not isinstance(seen, PeopleOfImage):
        raise ValueError("with people 'topic', an image must come with the people in it")
    return replace(seen, people=seen.people[largest(seen.people.detections, number)])


def _nobody(images: Sequence[Image]) -> list[Detections]:
    return [Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32)) for _ in images]


def _warm_up(estimator: PoseEstimator | BottomUpEstimator, session: Session) -> None:
    if isinstance(estimator, BottomUpEstimator):
        estimator.warm_up()
    else:
        session.warm_up()
