"""Search from far away and from behind: nearer first, then all around, and never for ever."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.perception.face_mesh import HeadFit
from opendr_perception.active.policies import Decision, Ranging
from opendr_perception.active.policies.ranging import ASIDE, CIRCLE, FAR, LONGEST, LOOKS, NEAR
from opendr_perception.tasks.imaging import Image

FRONTAL = np.array([[-0.2, -0.1], [0.2, -0.1], [0.0, 0.1], [0.0, 0.25], [-0.45, 0.0], [0.45, 0.0]]) * 40 + 60


class Recorder:
    """A policy that looks aside, and otherwise goes where it was told."""

    def __init__(self, move: Move | None = None) -> None:
        self.move, self.searched, self.told = move, 0, 0

    def begin(self) -> None:
        self.searched = 0

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return Decision(self.move, "told")

    def search(self, glimpse: RangeOnly) -> Decision:
        self.searched += 1
        return Decision(Move(pan=0.5), "aside")

    def blocked(self, move: Move) -> None:
        self.told += 1


def view(distance: float) -> FaceObservation:
    image = Image(np.zeros((120, 120, 3), np.uint8), "rgb8")
    return FaceObservation(image, np.array([40.0, 40, 80, 80]), FRONTAL, Recognition("a", -0.5), distance)


def test_from_far_away_it_comes_nearer_by_the_body_and_looks_past_what_hides_the_face_only_then() -> None:
    inner = Recorder()
    policy, distance, ways = Ranging(inner), 20.0, []
    while distance > FAR:
        move = policy.search(RangeOnly(distance, 0.0)).move
        assert move is not None and move.pan == 0 and 0 < move.advance <= LONGEST
        distance -= move.advance
        ways.append(move.advance)
    assert NEAR <= distance <= FAR
    assert len(ways) == 2 and inner.searched == 0
    policy.search(RangeOnly(distance, 0.0))
    assert inner.searched == 1


def test_around_a_back_it_goes_once_around_and_then_gives_up() -> None:
    policy = Ranging(Recorder())
    pans = [policy.search(RangeOnly(2.5, 0.0)).move for _ in range(ASIDE + LOOKS)]
    circle = [move.pan for move in pans[ASIDE:] if move is not None]
    assert circle == [-CIRCLE] * LOOKS
    assert 2 * math.pi - math.radians(75) < LOOKS * CIRCLE, "every side is seen"
    end = policy.search(RangeOnly(2.5, 0.0))
    assert end.move is None and "any side" in end.reason
    policy.begin()
    assert policy.search(RangeOnly(2.5, 0.0)).move == Move(pan=0.5), "another person"


def test_the_back_of_a_head_that_passes_for_a_face_is_gone_around_too() -> None:
    policy = Ranging(Recorder())
    mistaken = replace(view(2.5), head=HeadFit(np.zeros((468, 3)), np.zeros(468, bool), 0.1, 0.0))
    moves = [policy.decide([mistaken]).move for _ in range(ASIDE + 1)]
    assert moves == [Move(pan=0.5)] * ASIDE + [Move(pan=-CIRCLE)], "what the policy says of it is nothing"


def test_a_way_around_from_far_away_waits_until_it_is_shorter() -> None:
    far, near = Ranging(Recorder(Move(pan=1.2))), Ranging(Recorder(Move(pan=1.2)))
    assert far.decide([view(15.0)]).move == Move(advance=LONGEST)
    assert near.decide([view(3.0)]).move == Move(pan=1.2)
    assert Ranging(Recorder(Move(pan=0.2))).decide([view(15.0)]).move == Move(pan=0.2), "short enough"
    both = Ranging(Recorder(Move(pan=1.2))).decide([view(6.5)]).move
    assert both == Move(pan=1.2, advance=6.5 - NEAR), "nearer, then around, in one move"
    assert both.length(6.5) < Move(pan=1.2).length(6.5)
    assert Ranging(Recorder(None)).decide([view(15.0)]).move is None, "it is known who it is"


def test_who_stands_in_the_way_of_the_approach_is_gone_around_and_the_policy_hears_of_its_own_moves_only() -> None:
    inner = Recorder()
    policy = Ranging(inner)
    move = policy.search(RangeOnly(12.0, 0.0)).move
    assert move is not None
    policy.blocked(move)
    aside = policy.search(RangeOnly(12.0, 0.0)).move
    assert aside is not None and aside.pan > 0 and aside.advance == 0
    assert inner.told == 0
    policy.search(RangeOnly(2.0, 0.0))
    policy.blocked(Move(pan=0.5))
    assert inner.told == 1
