"""From settings to a perceiver of people: detection, non-maximum suppression and tracks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections, NmsSettings, Suppressors
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids
from opendr_perception.tasks.people.two_sizes import TwoSizes
from opendr_perception.tasks.perceiver import ImagePerceiver, Moment, Warn

QUALITIES = ("standard", "high")


@dataclass(frozen=True)
class DetectionSettings(NmsSettings):
    """What detects and tracks people."""

    score_threshold: float = parameter(
        0.46,
        "Detections below this score are left out. Lower finds more people, and more that are none. A track only "
        "begins with a score of 0.5, whatever this is; weaker detections prolong it.",
        minimum=0.0,
        maximum=1.0,
    )
    input_size: int = parameter(
        416,
        "Longest side in pixels, a multiple of 32, to which images are resized to detect people. Larger finds people "
        "who are smaller than 50 pixels; of others it finds no more, and takes more for people that are none. The time "
        "grows with its square. A detector of yours that takes images of one size has that size.",
        minimum=32,
        maximum=2048,
        read_only=True,
    )
    quality: str = parameter(
        "standard",
        "high detects in two sizes of each image, input_size and three quarters of it: people whose height in one size "
        "the detector is unsure of are found in the other, for 1.7 times the time. With high_resolution, parts of an "
        "image are looked at in one size.",
        choices=QUALITIES,
    )
    tracking: bool = parameter(
        True, "Give each person an id that stays from image to image; false leaves track_id empty."
    )


@dataclass(frozen=True)
class Settings(DetectionSettings):
    """The detector of people."""

    model: str = parameter(
        "nanodet",
        "A person detector of the zoo or one of yours (opendr-perception models list, import), or the path of its ONNX "
        "file.",
        read_only=True,
    )


@dataclass(frozen=True)
class People:
    """The people of one image.

    Args:
        detections: n boxes and scores, best first.
        tracks: the id of each, which stays from image to image; '' while it is not confirmed, or not wanted.
    """

    detections: Detections
    tracks: Sequence[str]

    def __len__(self) -> int:
        return len(self.detections)


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
        self.find: PersonDetector | TwoSizes = self.detector
        self.suppressors = Suppressors(sessions, self.detector.has_features)
        self.detector.warm_up()
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

    def adopt(self, settings: DetectionSettings) -> None:
        """Detect as the settings want it from now on."""
        self.detector.score_threshold = settings.score_threshold
        self.detector.nms = self.suppressors(settings)
        self.find = self._two_sizes if settings.quality == "high" else self.detector


class PeoplePerceiver(ImagePerceiver[Settings, PersonTracker, People]):
    """Detects and tracks people; a memory is a tracker."""

    def __init__(self, settings: Settings, sessions: zoo.Sessions) -> None:
        super().__init__(settings)
        self.finder = Finder(settings.model, settings, sessions)
        self._ids = new_ids()

    def new_memory(self) -> PersonTracker:
        return PersonTracker(self._ids)

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        self.finder.check(wanted)

    def adopt(self, settings: Settings) -> None:
        self.finder.adopt(settings)

    def perceive(self, moments: Sequence[Moment[Image, PersonTracker]]) -> Iterable[People]:
        found = self.finder.find([moment.input for moment in moments])
        return map(self._answer, moments, found)

    def _answer(self, moment: Moment[Image, PersonTracker], found: Detections) -> People:
        return People(found, track_ids(moment, found, self.settings))


def track_ids(moment: Moment[Image, PersonTracker], people: Detections, settings: DetectionSettings) -> Sequence[str]:
    """The track of each person, from the tracker in the memory of the stream; '' without tracking."""
    if not settings.tracking:
        return [""] * len(people)
    return moment.memory.update(people, moment.stamp, moment.input)


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> PeoplePerceiver:
    """A perceiver of people in images.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed, or that cannot work.
        ZooError, EngineError: a model cannot be had or loaded.
    """
    values.check(settings)
    return PeoplePerceiver(settings, sessions)
