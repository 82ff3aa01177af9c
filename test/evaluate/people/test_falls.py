"""Events of falls are counted clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from opendr_perception.evaluate.action.recordings import recording
from opendr_perception.evaluate.people.falls import _falls
from opendr_perception.tasks.action import Action, ActionRecogniser, TrackedPoses


class Undecided:
    """Says of everybody that it could be anything."""

    labels = ("stand", "fall")

    def __call__(self, observations: Sequence[TrackedPoses]) -> list[list[Action]]:
        return [[Action("1", np.array([0.9, 0.1]), 9, True)] for _ in observations]

    def forget(self, memory: Any) -> None:
        """Nothing is kept."""


def clip(still: np.ndarray, falls: bool) -> Any:
    pixels = np.repeat(still[None], 60, axis=0)
    if falls:
        foot = pixels[0, 15:].mean(axis=0)
        pixels[30:] = (pixels[30:] - foot) @ np.array([[0.0, 1], [-1, 0]]) + foot
    seen = np.ones(pixels.shape[:2], bool)
    return recording("fall", pixels, seen, subject="1", part="test", rate=20.0, trimmed=False)


def test_a_fall_is_counted_once_and_standing_is_none(waving: np.ndarray) -> None:
    recogniser = cast(ActionRecogniser, Undecided())
    assert _falls(recogniser, clip(waving[0], falls=True)) == 1
    assert _falls(recogniser, clip(waving[0], falls=False)) == 0
