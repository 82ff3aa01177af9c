"""The loop that looks for a surer answer, in a room where what is told depends on the side alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from opendr_perception.active.control import IN_THE_WAY, Move
from opendr_perception.active.identification import Goal, Interrupted
from opendr_perception.active.improvement import ViewAnswer, improve
from opendr_perception.active.policies import AROUND, ExpectedGain, Lacking

GOAL = Goal(confidence=0.8, max_moves=4, max_pan=math.radians(75), max_travel=20.0)
SIDES = ExpectedGain(((0.8, 0.1, 0.0), (1.0, 0.1, 0.0), (1.2, 0.1, 0.0)))
"""The farther to the hidden side, the better."""


class Room:
    """Half of a body is hidden; from `clear` on, rad to the robot's right, all of it is seen."""

    def __init__(self, clear: float = 0.3, hidden: str = "left") -> None:
        self.clear, self.hidden = clear, hidden
        self.pan = self.travelled = 0.0
        self.wall: Callable[[float], bool] = lambda pan: False
        self.moves: list[float] = []
        self.silent = False

    def answer(self) -> ViewAnswer | None:
        if self.silent:
            return None
        share = 0.1 if self.pan >= self.clear else 0.45
        missing = Lacking(share, 0.05) if self.hidden == "left" else Lacking(0.05, share)
        return ViewAnswer("wave", 1 - share, missing, 2.0, self.pan)

    def move(self, move: Move, within: float) -> str:
        self.moves.append(move.pan)
        if self.wall(self.pan + move.pan):
            return IN_THE_WAY
        self.pan += move.pan
        self.travelled += min(move.length(2.0), within)
        return ""


def test_it_goes_to_where_more_is_seen_and_ends_when_that_is_sure() -> None:
    room = Room()
    phases: list[str] = []
    done = improve(room, SIDES, GOAL, lambda phase, answer, moves: phases.append(f"{phase} {moves}"))
    assert done.success and done.moves == 1 and room.moves[0] in AROUND
    assert [answer.confidence for answer in done.answers] == pytest.approx([0.55, 0.9])
    assert (done.label, done.confidence) == ("wave", pytest.approx(0.9))
    assert phases == ["looking 0", "deciding 0", "moving 0", "looking 1", "deciding 1"]


def test_where_nothing_is_told_it_does_not_move() -> None:
    room = Room()
    room.silent = True
    done = improve(room, SIDES, GOAL)
    assert (room.moves, done.success, done.label) == ([], False, "")
    assert math.isnan(done.confidence) and "nothing is told" in done.message


def test_what_is_sure_already_needs_no_move() -> None:
    room = Room(clear=-1.0)
    assert improve(room, SIDES, GOAL).success and room.moves == []


def test_a_side_that_did_not_help_or_is_not_free_is_not_gone_to_again() -> None:
    room = Room(clear=9.0)
    done = improve(room, SIDES, Goal(confidence=0.8, max_moves=6, max_pan=math.pi, max_travel=50.0))
    places = [0.0]
    for pan in room.moves:
        places.append(places[-1] + pan)
    assert all(abs(a - b) > math.radians(9) for k, a in enumerate(places) for b in places[:k])
    assert not done.success
    walled = Room()
    walled.wall = lambda pan: pan > 0.9
    walled.clear = 0.3
    assert improve(walled, SIDES, GOAL).success
    assert walled.moves[0] > 0.9 > walled.moves[1] > 0.3, "the next best side is free"


@pytest.mark.parametrize(
    ("goal", "why"),
    [
        (Goal(0.8, 0, 1.3, 20.0), "all 0 moves are made"),
        (Goal(0.8, 4, 0.0, 20.0), "no more is allowed"),
        (Goal(0.8, 4, 1.3, 0.0), "no more is allowed"),
    ],
)
def test_the_budget_holds(goal: Goal, why: str) -> None:
    room = Room()
    done = improve(room, SIDES, goal)
    assert room.moves == [] and why in done.message and not done.success


def test_an_interruption_ends_it_with_what_was_told() -> None:
    room = Room()

    def stop(phase: str, answer: ViewAnswer | None, moves: int) -> None:
        if phase == "moving":
            raise Interrupted("enough")

    done = improve(room, SIDES, GOAL, stop)
    assert done.interrupted and done.message == "enough" and room.moves == [] and len(done.answers) == 1
