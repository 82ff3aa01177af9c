"""Steps aside, by what the networks say."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from opendr_perception.active.control.motion import Move
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.policies.occlusion import (
    LARGEST_RATIO,
    SIDES,
    OcclusionPolicy,
    OcclusionSettings,
    side_to_pan,
)
from opendr_perception.tasks.imaging.image import Image

VIEW = FaceObservation(
    Image(np.zeros((8, 8, 3), np.uint8), "bgr8"), np.zeros(4), np.zeros((6, 2)), Recognition("", 0.0), 2.0
)
STEP = OcclusionSettings().first_step


class Script:
    """Networks that say what a test wants."""

    def __init__(self, sides: list[str], ratio: float = 1.0, certainty: float = 0.9) -> None:
        self._sides: Iterator[str] = iter(sides)
        self._ratio, self._certainty = ratio, certainty

    def direction(self, view: FaceObservation) -> np.ndarray:
        probabilities = np.full(5, (1 - self._certainty) / 4)
        probabilities[SIDES.index(next(self._sides))] = self._certainty
        return probabilities

    def ratio(self, before: FaceObservation, after: FaceObservation) -> float:
        return self._ratio


def policy(*sides: str, ratio: float = 1.0, certainty: float = 0.9) -> OcclusionPolicy:
    return OcclusionPolicy(Script(list(sides), ratio, certainty))


def moves(policy: OcclusionPolicy, count: int) -> list[Move | None]:
    views: list[FaceObservation] = []
    found = []
    for _ in range(count):
        views.append(VIEW)
        found.append(policy.decide(views).move)
    return found


def test_what_covers_the_left_is_left_behind_on_the_right() -> None:
    assert side_to_pan(SIDES.index("left")) == 1
    assert side_to_pan(SIDES.index("right")) == -1
    assert moves(policy("right", "right", "none", ratio=2.0), 3) == [Move(pan=-STEP), Move(pan=-2 * STEP), None]


def test_a_step_that_was_enough_is_not_followed_by_another() -> None:
    assert moves(policy("left", "none"), 2) == [Move(pan=STEP), None]
    assert moves(policy("left", "left", ratio=0.05), 2) == [Move(pan=STEP), None]


def test_a_clear_face_and_a_doubtful_one_are_not_moved_for() -> None:
    assert moves(policy("none"), 1) == [None]
    assert moves(policy("left", certainty=0.5), 1) == [None]


def test_what_moves_with_the_face_is_not_chased() -> None:
    attached = policy("left", "left", "left", ratio=LARGEST_RATIO)
    assert moves(attached, 3) == [Move(pan=STEP), None, None]


def test_it_gives_up_after_its_rounds() -> None:
    assert moves(policy(*["left"] * 6), 6)[4:] == [None, None]


def test_it_does_not_turn_back_for_a_doubt() -> None:
    swaying = policy("left", "right", certainty=0.6)
    assert moves(swaying, 2) == [Move(pan=STEP), Move(pan=-STEP)]
    both = Script(["left"], 1.0)
    hesitant = OcclusionPolicy(both)
    views = [VIEW]
    hesitant.decide(views)
    both.direction = lambda view: np.array([0, 0, 0.61, 0.39, 0])  # type: ignore[method-assign]
    assert hesitant.decide([*views, VIEW]).move == Move(pan=STEP)


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_what_covers_top_or_bottom_cannot_be_cleared_on_the_ground(side: str) -> None:
    decision = policy(side).decide([VIEW])
    assert decision.move is None
    assert "on the ground" in decision.reason


def test_the_rest_of_the_way_is_limited() -> None:
    settings = OcclusionSettings(largest_step=math.radians(10))
    assert moves(OcclusionPolicy(Script(["left"] * 2, 3.0), settings), 2)[1] == Move(pan=math.radians(10))


def test_as_published_the_rest_is_no_longer_than_the_first_step() -> None:
    published = OcclusionPolicy(Script(["left"] * 3, 3.0), OcclusionSettings(largest_ratio=1.0, rounds=1))
    assert moves(published, 3) == [Move(pan=STEP), Move(pan=STEP), None]


def test_what_covers_the_top_or_the_bottom_is_cleared_by_who_flies_alone() -> None:
    down, up = (Move(rise=sign * 2.0 * math.tan(STEP)) for sign in (-1, 1))
    assert moves(policy("top"), 1) == moves(policy("bottom"), 1) == [None]
    for side, move in (("top", down), ("bottom", up)):
        flying = OcclusionPolicy(Script([side, side, "none"], ratio=1.0), flies=True)
        assert moves(flying, 3) == [move, move, None]
