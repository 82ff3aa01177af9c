"""Which policy is asked when."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from opendr_perception.active.auto import AutoPolicy
from opendr_perception.active.motion import Move
from opendr_perception.active.policy import Decision, Recognition, View
from opendr_perception.tasks.image import Image

BLACK = Image(np.zeros((8, 8, 3), np.uint8), "bgr8")
STAY = Decision(None, "nothing")
THRESHOLD = 0.47


class Fixed:
    """Always decides the same."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.begun = decision, 0

    def begin(self) -> None:
        self.begun += 1

    def decide(self, views: Sequence[View]) -> Decision:
        return self.decision


def view(size: float = 60.0, distance: float = 2.0, nearest: float = 0.45, other: float = 0.46) -> View:
    recognition = Recognition("ann", 1 - nearest / THRESHOLD, {"ann": nearest, "bob": other})
    return View(BLACK, np.array([10.0, 10.0, 10.0 + size, 10.0 + size]), np.zeros((6, 2)), recognition, distance)


def around(expected: float) -> Decision:
    return Decision(Move(pan=math.radians(15)), "around", expected)


def test_a_covered_face_is_cleared_first() -> None:
    clearing = Decision(Move(pan=0.1), "covered")
    assert AutoPolicy(Fixed(clearing), Fixed(around(0.9))).decide([view(size=10)]) is clearing


def test_a_small_face_is_approached_and_no_nearer_than_needed() -> None:
    policy = AutoPolicy(Fixed(STAY), Fixed(around(0.9)))
    decision = policy.decide([view(size=30, distance=3.0)])
    assert decision.move == Move(advance=pytest.approx(1.0))
    assert policy.decide([view(size=10, distance=8.0)]).move == Move(advance=2.0)
    assert policy.decide([view(size=30, distance=1.2)]).move == Move(pan=math.radians(15))


def test_a_side_must_be_worth_its_way() -> None:
    here = view().recognition.confidence
    assert AutoPolicy(Fixed(STAY), Fixed(around(here + 0.1))).decide([view()]).move is not None
    stays = AutoPolicy(Fixed(STAY), Fixed(around(here + 0.02))).decide([view()])
    assert stays.move is None
    assert "not worth" in stays.reason


def test_whoever_is_certain_is_not_moved_for() -> None:
    policy = AutoPolicy(Fixed(Decision(Move(pan=0.1), "covered")), Fixed(around(0.9)))
    decision = policy.decide([view(nearest=0.2, other=0.6)])
    assert decision.move is None
    assert "it is ann" in decision.reason


def test_all_begin_anew() -> None:
    parts = Fixed(STAY), Fixed(STAY)
    AutoPolicy(*parts).begin()
    assert [part.begun for part in parts] == [1, 1]
