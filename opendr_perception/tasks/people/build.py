"""From settings to a perceiver of people: detection, non-maximum suppression and tracks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.tasks.imaging import Grey, Image, is_dark, lit
from opendr_perception.tasks.memories import Kinds, NotAValue
from opendr_perception.tasks.nms import Detections, Suppressors
from opendr_perception.tasks.people.carrying import Seen
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.tasks.people.settings import DetectionSettings, Settings
from opendr_perception.tasks.people.tracking import PersonTracker, TrackIds, load_library, new_ids, tracker_kinds
from opendr_perception.tasks.people.two_sizes import TwoSizes
from opendr_perception.tasks.perceiver import ImagePerceiver, Moment, TwoSteps, Warn

DEFAULTS = Settings()

Find = Callable[[Sequence[Image]], list[Detections]]
"""Detects the people in each image."""


@dataclass(frozen=True)
class TrackedPeople:
    """The people of one image.

    Args:
        detections: n boxes and scores, best first.
        tracks: the id of each, which stays from image to image; '' while it is not confirmed, or not wanted.
    """

    detections: Detections
    tracks: Sequence[str]

    def __len__(self) -> int:
        return len(self.detections)

    def __getitem__(self, places: npt.NDArray[np.intp]) -> TrackedPeople:
        """Some of them, by their places."""
        return TrackedPeople(self.detections[places], [self.tracks[place] for place in places.tolist()])


@dataclass(frozen=True)
class PeopleOfImage:
    """An image, and the people in it, who were found before."""

    image: Image
    people: TrackedPeople


@dataclass
class PeopleMemory:
    """Memory of one stream: its tracks, and the people of the last image, if they are not detected in each."""

    tracker: PersonTracker
    seen: Seen | None = None


def people_kinds() -> Kinds:
    """Of the memory of a stream, for `tasks.memories`."""
    return {PeopleMemory: {}, Seen: {}, Grey: {}, Detections: {}, **tracker_kinds()}


def given(ids: Iterator[str]) -> int:
    """Number of the last id that was given.

    Raises:
        NotAValue: they are not those of `new_ids`, so that nobody knows.
    """
    return _countable(ids).given


def resume_ids(tracker: PersonTracker, ids: Iterator[str], last: int) -> None:
    """Let a tracker that was read go on with these ids, none of which is given twice.

    Raises:
        NotAValue: they are not those of `new_ids`.
    """
    own = _countable(ids)
    own.given = max(own.given, last)
    tracker.take_ids(own)


def _countable(ids: Iterator[str]) -> TrackIds:
    if not isinstance(ids, TrackIds):
        raise NotAValue("ids that are not of new_ids cannot be gone on with")
    return ids


class InLight:
    """Finds people in dark images as `tasks.imaging.lit` shows them.

    Args:
        find: finds them.
        level: mean of the colours below which an image is dark.
    """

    def __init__(self, find: Find, level: float) -> None:
        self._find, self._level = find, level

    def __call__(self, images: Sequence[Image]) -> list[Detections]:
        """Find the people in each image."""
        return self._find([lit(image) if is_dark(image, self._level) else image for image in images])


class Finder:
    """The person detector as settings want it.

    Args:
        model: of the detector, in the zoo or an ONNX file.
        settings: to begin with.
        sessions: open the models.

    Raises:
        ValueError: the method of suppression that is wanted cannot be used, or a setting has a wrong value.
        ZooError, EngineError: a model cannot be had or loaded.
    """

    def __init__(self, model: str, settings: DetectionSettings, sessions: zoo.Sessions) -> None:
        self.session = session = settings.open(model, sessions)
        self.detector = PersonDetector(session, settings.score_threshold, input_size=settings.input_size)
        self._two_sizes = TwoSizes(self.detector)
        self.find: Find = self.detector
        self.suppressors = Suppressors(sessions, self.detector.has_features)
        self.detector.warm_up()
        if settings.tracking:
            load_library()
        self.check(settings)
        self.adopt(settings)

    def check(self, wanted: DetectionSettings) -> None:
        """Refuse what cannot work.

        Raises:
            ValueError: the method of suppression that is wanted cannot be used, or the detector has one size.
        """
        self.suppressors(wanted)
        if wanted.quality == "high" and (size := self.detector.only_size):
            raise ValueError(
                f"quality 'high' needs a detector that takes images of any size; {self.session.path.name} takes "
                f"{size[1]}x{size[0]} pixels only: take quality 'standard', or export it with a free height and width"
            )

    def seek(
        self,
        images: Sequence[Image],
        memories: Sequence[PeopleMemory],
        stamps: Sequence[float],
        find: Find | None = None,
    ) -> list[Seen]:
        """The people of the next image of each stream, detected, or carried where it is not yet time for that.

        Args:
            images: one of each stream.
            memories: of the streams; they do not change.
            stamps: of the images, seconds.
            find: detects; None for `find` of the settings.

        Returns:
            What `PeopleMemory.seen` is to be.
        """
        moments = list(zip(images, memories, stamps, strict=True))
        carried = [
            memory.seen.carried(image, stamp, self._every) if memory.seen else None for image, memory, stamp in moments
        ]
        due = [image for image, seen in zip(images, carried, strict=True) if seen is None]
        found = iter((find or self.find)(due) if due else [])
        return [
            seen or Seen(Grey.of(image) if self._every > 1 else None, next(found), stamp)
            for seen, (image, _, stamp) in zip(carried, moments, strict=True)
        ]

    def adopt(self, settings: DetectionSettings) -> None:
        """Detect as the settings want it from now on."""
        self._every = settings.detect_every
        self.detector.score_threshold = settings.score_threshold
        self.detector.nms = self.suppressors(settings)
        find: Find = self._two_sizes if settings.quality == "high" else self.detector
        self.find = InLight(find, settings.low_light) if settings.low_light else find


class PeoplePerceiver(
    TwoSteps[Image, Detections, PeopleMemory, TrackedPeople], ImagePerceiver[Settings, PeopleMemory, TrackedPeople]
):
    """Detects and tracks people."""

    def __init__(self, settings: Settings, sessions: zoo.Sessions, ids: Iterator[str] | None = None) -> None:
        super().__init__(settings)
        self.finder = Finder(settings.model, settings, sessions)
        self._ids = ids or new_ids()

    def kinds(self) -> Kinds:
        return people_kinds()

    def new_memory(self) -> PeopleMemory:
        return PeopleMemory(PersonTracker(self._ids))

    def parts(self, memory: PeopleMemory) -> object:
        return memory, given(self._ids)

    def whole(self, parts: object) -> PeopleMemory:
        match parts:
            case (PeopleMemory() as memory, int(last)):
                resume_ids(memory.tracker, self._ids, last)
                return memory
        raise NotAValue("it is no memory of people")

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        self.finder.check(wanted)

    def adopt(self, settings: Settings) -> None:
        self.finder.adopt(settings)

    def perceive(self, moments: Sequence[Moment[Image, PeopleMemory]]) -> Iterable[TrackedPeople]:
        images, memories = [moment.input for moment in moments], [moment.memory for moment in moments]
        seen = self.finder.seek(images, memories, [moment.stamp for moment in moments])
        return map(self._answer, moments, seen)

    def _answer(self, moment: Moment[Image, PeopleMemory], seen: Seen) -> TrackedPeople:
        moment.memory.seen = seen
        return self.answer(moment, seen.people)

    @property
    def steps_apart(self) -> bool:
        return self.settings.detect_every == 1

    def look(self, inputs: Sequence[Image]) -> Sequence[Detections]:
        return self.finder.find(inputs)

    def answer(self, moment: Moment[Image, PeopleMemory], seen: Detections) -> TrackedPeople:
        return TrackedPeople(seen, track_ids(moment.memory.tracker, seen, self.settings, moment.stamp, moment.input))


def track_ids(
    tracker: PersonTracker, people: Detections, settings: DetectionSettings, stamp: float, image: Image
) -> Sequence[str]:
    """The track of each person in an image, from the tracker of the stream; '' without tracking."""
    return tracker.update(people, stamp, image) if settings.tracking else [""] * len(people)


def build(
    settings: Settings = DEFAULTS,
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
    ids: Iterator[str] | None = None,
) -> PeoplePerceiver:
    """A perceiver of people in images.

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
    return PeoplePerceiver(settings, sessions, ids)
