"""From settings to a perceiver of activities."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.action import Action, Actions
from opendr_perception.tasks.activity.model import ActivityModel
from opendr_perception.tasks.activity.recognition import (
    ActivityMemory,
    ActivityRecogniser,
    ActivityView,
    KeyState,
)
from opendr_perception.tasks.imaging import Image, Pixels
from opendr_perception.tasks.memories import Kinds, new_serial
from opendr_perception.tasks.people import PeopleOfImage
from opendr_perception.tasks.perceiver import Moment, PerceiverSettings, Warn, as_image
from opendr_perception.tasks.tracks import TrackPerceiver

Seen = Image | PeopleOfImage


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Activities."""

    model: str = parameter(
        "activity-small",
        "A video network of the zoo, one of your own (models import x3d, slow or i3d), or an ONNX file that "
        "opendr_perception.training.activity.export has written.",
        read_only=True,
    )
    per_person: bool = parameter(
        False,
        "Look at each tracked person, around the box in persons; otherwise at the whole image, with one answer.",
        read_only=True,
    )
    horizon: int = parameter(
        0,
        "Frames that an answer averages: one of the model's horizons, 0 for its first. Short ones follow a change "
        "soon, long ones are surer.",
        minimum=0,
        maximum=1000,
    )
    max_persons: int = parameter(
        5,
        "Largest number of people who are looked at, the largest ones first; time and memory grow with it.",
        minimum=1,
        maximum=100,
    )
    still_below: float = parameter(
        2.0,
        "Grey levels. Where no part of the image has changed by as much, for as long as an answer averages, it is "
        "not looked at: the answer holds and its frames do not grow. 0 to look at all.",
        minimum=0.0,
        maximum=255.0,
    )


class ActivityPerceiver(TrackPerceiver[Settings, Seen, ActivityMemory, Actions]):
    """Follows streams of images, or the people in them, each with a continual state of their own."""

    recogniser: ActivityRecogniser

    def __init__(self, settings: Settings, sessions: zoo.Sessions, warn: Warn) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions, warn)
        self.recogniser = ActivityRecogniser(ActivityModel(session))
        self.adopt(settings)

    def __call__(self, seen: Seen | Pixels, memory: ActivityMemory | None = None, stamp: float = 0.0) -> Actions:
        """Perceive one image, or one with its people; without a memory, by itself."""
        return super().__call__(seen if isinstance(seen, PeopleOfImage) else as_image(seen), memory, stamp)

    @property
    def labels(self) -> Sequence[str]:
        """Labels of the activities."""
        return self.recogniser.model.labels

    def new_memory(self) -> ActivityMemory:
        return ActivityMemory()

    def kinds(self) -> Kinds:
        return {ActivityMemory: {"serial": new_serial}, KeyState: {}, Action: {}}

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        self._place(wanted)

    def adopt(self, settings: Settings) -> None:
        self.recogniser.horizon = self._place(settings)
        self.recogniser.lost_after = settings.max_gap
        self.recogniser.max_persons = settings.max_persons
        self.recogniser.still_below = settings.still_below

    def perceive(self, moments: Sequence[Moment[Seen, ActivityMemory]]) -> Iterable[Actions]:
        found = self.recogniser([_view(moment) for moment in moments])
        return [Actions(self.labels, people) for people in found]

    def _place(self, settings: Settings) -> int:
        """Place of the horizon among those of the model.

        Raises:
            ValueError: the model has no such horizon.
        """
        horizons = [horizon.frames for horizon in self.recogniser.model.horizons]
        if settings.horizon and settings.horizon not in horizons:
            known = ", ".join(map(str, horizons))
            raise ValueError(f"horizon must be 0 or one of {known}, those of the model, not {settings.horizon}")
        return horizons.index(settings.horizon) if settings.horizon else 0


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> ActivityPerceiver:
    """A perceiver of activities, from one image after the other.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: the model cannot be had or loaded, or is of another kind.
    """
    values.check(settings)
    return ActivityPerceiver(settings, sessions, warn)


def _view(moment: Moment[Seen, ActivityMemory]) -> ActivityView:
    seen = moment.input
    if isinstance(seen, PeopleOfImage):
        return ActivityView(moment.memory, seen.image, seen.people, moment.stamp)
    return ActivityView(moment.memory, seen, None, moment.stamp)
