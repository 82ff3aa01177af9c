"""From settings to a perceiver of what tracked people are doing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.action.recognition import (
    Action,
    ActionMemory,
    ActionRecogniser,
    PersonState,
    TrackedPoses,
)
from opendr_perception.tasks.action.skeleton import SkeletonState
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.memories import Kinds, new_serial
from opendr_perception.tasks.perceiver import Moment, PerceiverSettings, Warn
from opendr_perception.tasks.tracks import TrackPerceiver


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Actions."""

    model: str = parameter(
        "action-research",
        "A skeleton network of the zoo, or an ONNX file that opendr_perception.training.action.export has written.",
        read_only=True,
    )
    max_persons: int = parameter(
        20,
        "Largest number of people who are processed, the largest ones first; the time grows with it.",
        minimum=1,
        maximum=1000,
    )


@dataclass(frozen=True)
class Actions:
    """Actions of the tracked people of one image.

    Args:
        labels: of the probabilities.
        people: one answer for each person of whom something can be said.
    """

    labels: Sequence[str]
    people: Sequence[Action]


class ActionPerceiver(TrackPerceiver[Settings, Poses, ActionMemory, Actions]):
    """Follows the poses of tracked people, each with a continual state of their own."""

    recogniser: ActionRecogniser

    def __init__(self, settings: Settings, sessions: zoo.Sessions, warn: Warn) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions, warn)
        self.recogniser = ActionRecogniser(session)
        self.adopt(settings)

    @property
    def labels(self) -> Sequence[str]:
        """Labels of the actions."""
        return self.recogniser.labels

    def new_memory(self) -> ActionMemory:
        return ActionMemory()

    def kinds(self) -> Kinds:
        return {ActionMemory: {"serial": new_serial}, PersonState: {}, SkeletonState: {}, Action: {}}

    def adopt(self, settings: Settings) -> None:
        self.recogniser.lost_after = settings.max_gap
        self.recogniser.max_persons = settings.max_persons

    def perceive(self, moments: Sequence[Moment[Poses, ActionMemory]]) -> Iterable[Actions]:
        found = self.recogniser([_observation(moment) for moment in moments])
        return [Actions(self.labels, people) for people in found]


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> ActionPerceiver:
    """A perceiver of actions, from the poses of one image after the other.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: the model cannot be had or loaded, or is of another kind.
    """
    values.check(settings)
    return ActionPerceiver(settings, sessions, warn)


def _observation(moment: Moment[Poses, ActionMemory]) -> TrackedPoses:
    poses = moment.input.in_layout("coco17")
    return TrackedPoses(moment.memory, poses.tracks or [""] * len(poses), poses.keypoints, moment.stamp)
