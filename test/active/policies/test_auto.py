"""Moves of the arbiter on faces whose front is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from opendr_perception.active.control.motion import Move
from opendr_perception.active.perception.face_mesh import HeadFit
from opendr_perception.active.perception.identity import apparent_yaw
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.policies.auto import AutoPolicy
from opendr_perception.active.policies.base import Decision, Persistent
from opendr_perception.tasks.imaging.image import Image

BLACK = Image(np.zeros((480, 640, 3), np.uint8), "bgr8")
STAY = Decision(None, "nothing")
FRONTAL = np.array([[-12, -10], [12, -10], [0, 4], [0, 14], [-30, -5], [30, -5]]) / 48
"""Landmarks of a face from the front, in sides of its box."""


class Fixed:
    """Always decides the same."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.begun = decision, 0

    def begin(self) -> None:
        self.begun += 1

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return self.decision


class Front:
    """The front is where it is said to be."""

    def __init__(self, degrees: float) -> None:
        self.turn, self.begun = math.radians(degrees), 0

    def begin(self) -> None:
        self.begun += 1

    def __call__(self, view: FaceObservation) -> float:
        return self.turn


BESIDE = Move(pan=math.radians(5 + 18))


def view(size: float = 90.0, distance: float = 1.4, **distances: float) -> FaceObservation:
    known = distances or {"ann": 0.95, "bob": 1.3}
    name = min(known, key=known.__getitem__)
    box = np.array([320 - size / 2, 240 - size / 2, 320 + size / 2, 240 + size / 2])
    return FaceObservation(BLACK, box, [320, 240] + size * FRONTAL, Recognition(name, 1 - known[name], known), distance)


def policy(degrees: float = 0.0, clearing: Decision = STAY) -> AutoPolicy:
    return AutoPolicy(Fixed(clearing), Front(degrees))


def test_the_faces_of_these_tests_are_seen_from_the_front() -> None:
    assert abs(apparent_yaw(view())) < math.radians(5)


def test_whoever_is_certain_is_not_moved_for() -> None:
    decision = policy(80, Decision(Move(pan=0.1), "covered")).decide([view(ann=0.5, bob=1.3)])
    assert decision.move is None
    assert "it is ann" in decision.reason


def test_a_stranger_is_believed_only_from_the_front_near_uncovered_and_at_the_second_look() -> None:
    strange = {"ann": 1.3, "bob": 1.4}
    first, second = view(**strange), replace(view(**strange), pan=0.5)
    assert "once more" in policy().decide([first]).reason, "a single view may be spoilt"
    assert "nobody" in policy().decide([first, second]).reason
    assert policy(60).decide([first, second]).move == Move(pan=math.radians(60))
    assert policy(0, Decision(Move(pan=0.1), "covered")).decide([first, second]).move == Move(pan=0.1)


def test_a_robot_that_is_too_near_to_go_around_somebody_backs_off_first() -> None:
    move = policy(50).decide([view(distance=1.0, ann=0.95, bob=1.1)]).move
    assert move is not None
    assert (math.degrees(move.pan), move.advance) == pytest.approx((50, -0.2))
    assert policy(5).decide([view(distance=1.0, ann=0.95, bob=1.1)]).move == BESIDE


def test_what_is_no_face_is_left_for_another_place() -> None:
    leaves = replace(view(ann=1.2, bob=1.3), head=HeadFit(np.zeros((0, 3)), np.zeros(0, bool), 0.01, 0.0))
    asked = policy()
    pans = [asked.decide([leaves]).move for _ in range(4)]
    assert [move and round(math.degrees(move.pan)) for move in pans] == [28, -56, 84, None]
    aside = replace(leaves, landmarks=leaves.landmarks + np.array([[0, 0], [0, 0], [25, 0], [12, 0], [0, 0], [0, 0]]))
    move = policy().decide([aside]).move
    assert move is not None
    assert math.radians(25) < move.pan < math.radians(80), "to where the landmarks look"


def test_who_flies_looks_below_what_hides_all_of_a_face() -> None:
    hidden = replace(view(ann=1.2, bob=1.3), head=HeadFit(np.zeros((0, 3)), np.zeros(0, bool), 0.01, 0.0))
    below = Decision(Move(rise=-0.2), "covered")
    assert AutoPolicy(Fixed(below), Front(0), flies=True).decide([hidden]) is below
    beside = Decision(Move(pan=0.1), "covered")
    assert AutoPolicy(Fixed(beside), Front(0), flies=True).decide([hidden]) is not beside
    searched = policy(0, below).decide([hidden]).move
    assert searched is not None and not searched.rise


def test_a_covered_face_is_cleared_by_small_steps_unless_going_to_the_front_clears_it() -> None:
    clearing = Decision(Move(pan=0.1), "covered")
    assert policy(10, clearing).decide([view()]) is clearing
    assert policy(-70, clearing).decide([view()]).move == Move(pan=math.radians(-70))


def test_a_small_face_is_approached_no_nearer_than_needed_and_seen_from_the_front() -> None:
    side = math.radians(60)
    assert policy(60).decide([view(size=25, distance=3.0)]).move == Move(side, pytest.approx(1.8))
    assert policy(10).decide([view(size=9, distance=8.0)]).move == Move(advance=6.0)
    assert policy(60).decide([view(size=25, distance=1.2)]).move == Move(pan=side)


def test_from_the_front_only_nearer_is_better() -> None:
    assert policy(5).decide([view(size=50, distance=2.4)]).move == Move(advance=pytest.approx(0.9))
    assert policy(5).decide([view()]).move == BESIDE


def test_who_is_still_not_certain_is_seen_from_both_sides_of_the_front() -> None:
    asked = policy(5)
    moves = [asked.decide([view()]).move for _ in range(3)]
    assert moves[0] == BESIDE and moves[1] is not None and moves[2] is None
    assert math.degrees(moves[1].pan) == pytest.approx(5 - 18)


def test_another_policy_has_the_last_word() -> None:
    beside = Decision(Move(pan=0.2), "beside")
    asked = AutoPolicy(Fixed(STAY), Front(5), Fixed(beside))
    assert asked.decide([view()]) is beside
    assert asked.decide([view(size=50, distance=2.4)]).move != beside.move


def test_a_face_that_is_not_found_is_looked_for_on_both_sides() -> None:
    searching = policy()
    moves = [searching.search(RangeOnly(3.0, 0.0)).move for _ in range(4)]
    assert moves[3] is None
    places = np.cumsum([move.pan for move in moves[:3] if move is not None])
    assert places[0] > 0 > places[1]
    assert places[2] > places[0]


def test_what_is_in_the_way_is_gone_around() -> None:
    blocked = policy(-5)
    assert isinstance(blocked, Persistent)
    blocked.blocked(Move(advance=1.0))
    far = view(size=20, distance=4.0, ann=1.1, bob=1.2)
    first = blocked.decide([far]).move
    assert first == Move(advance=pytest.approx(4 - 4 * 20 / 64), before=math.radians(-25)), "past it, then nearer"
    blocked.blocked(first)
    assert blocked.decide([far]).move == Move(advance=pytest.approx(2.5)), "there is no way past it"
    assert blocked.decide([far]).move == Move(advance=pytest.approx(4 - 4 * 20 / 64))
    near = view(size=50, distance=2.0, ann=1.1, bob=1.2)
    blocked.blocked(Move(0.7, 2.0))  # it came near, but not around
    assert blocked.decide([far, near]).move == Move(advance=pytest.approx(0.5))


def test_past_what_is_in_the_way_the_rest_of_the_way_around_is_gone_from_nearer() -> None:
    blocked = policy(70)
    far = view(size=20, distance=4.0, ann=1.1, bob=1.2)
    blocked.blocked(Move(math.radians(70), 2.8))
    move = blocked.decide([far]).move
    assert move is not None
    assert (math.degrees(move.before), math.degrees(move.pan)) == pytest.approx((25, 45))
    assert move.length(4.0) < Move(math.radians(70)).length(4.0) + 2.75


def test_who_is_far_away_is_looked_for_from_nearer() -> None:
    near, far = (policy().search(RangeOnly(distance, 0.0)).move for distance in (3.0, 4.5))
    assert near is not None and far is not None
    assert (near.advance, far.advance) == (0.0, pytest.approx(2.3))


def test_what_was_in_the_way_of_a_search_is_left_behind_by_the_next_one() -> None:
    searching = policy(60)
    searching.search(RangeOnly(3.0, 0.0))
    searching.blocked(Move(pan=0.5))
    searching.search(RangeOnly(3.0, 0.0))
    assert searching.decide([view()]).move == Move(pan=math.radians(60))


def test_all_begin_anew() -> None:
    occlusion, front = Fixed(STAY), Front(0)
    begun = AutoPolicy(occlusion, front)
    for _ in range(3):
        begun.search(RangeOnly(3.0, 0.0))
    begun.blocked(Move(advance=1.0))
    begun.begin()
    assert (occlusion.begun, front.begun) == (1, 1)
    assert begun.search(RangeOnly(3.0, 0.0)).move is not None
    assert begun.decide([view(ann=1.3, bob=1.4)]).move == Move(pan=math.radians(18)), "nothing is in the way any more"
