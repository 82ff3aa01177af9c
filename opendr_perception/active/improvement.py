"""The loop of looking, deciding and moving that ends with a surer answer: of a pose, an action, or an expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from opendr_perception.active.control import IN_THE_WAY, Move
from opendr_perception.active.identification import Goal, Interrupted, shortened
from opendr_perception.active.policies import Decision, Lacking


@dataclass(frozen=True)
class ViewAnswer:
    """Pose, action or expression of somebody, as told of them from one place.

    Args:
        label: of the action or the expression; '' for a pose.
        confidence: calibrated; of a pose, the mean of its joints.
        missing: what keeps it from being surer.
        distance: of the person, m.
        pan: how far the robot has gone around the person since the first one, rad; positive to its own right.
    """

    label: str
    confidence: float
    missing: Lacking
    distance: float
    pan: float = 0.0


@dataclass(frozen=True)
class Improvement:
    """Outcome of looking for a surer answer.

    Args:
        answers: all of them, in order; empty when nothing was told.
        moves: number of moves that were made.
        message: why it ended.
        success: the confidence that was asked for was reached.
        interrupted: from outside, before it was done.
    """

    answers: tuple[ViewAnswer, ...]
    moves: int
    message: str
    success: bool = False
    interrupted: bool = False

    @property
    def identity(self) -> str:
        """'': nobody is named by that."""
        return ""

    @property
    def label(self) -> str:
        """Of the surest answer; '' without one."""
        return self._best.label if self._best else ""

    @property
    def confidence(self) -> float:
        """Of the surest answer; NaN without one."""
        return self._best.confidence if self._best else math.nan

    @property
    def _best(self) -> ViewAnswer | None:
        return max(self.answers, key=lambda answer: answer.confidence, default=None)


@runtime_checkable
class AnsweringExplorer(Protocol):
    """A robot or a simulator that is told about a person."""

    def answer(self) -> ViewAnswer | None:
        """Stand still and wait for what is told of the person; None when nothing is."""
        ...

    def move(self, move: Move, within: float) -> str:
        """Make a move, as `identification.Explorer` says."""
        ...

    @property
    def travelled(self) -> float:
        """Way that it has driven in all, m."""
        ...


AnswerReport = Callable[[str, ViewAnswer | None, int], None]
"""Is told the phase, the newest answer and the number of moves."""


class Sides(Protocol):
    """Chooses a side to look from next, as `policies.ExpectedGain` does."""

    def __call__(self, seen: Lacking, distance: float, tried: Sequence[float] = ()) -> Decision:
        """Choose by what is missing, the distance, m, and angles that were looked from or are not free, rad."""
        ...


def improve(
    explorer: AnsweringExplorer,
    sides: Sides,
    goal: Goal,
    report: AnswerReport = lambda phase, answer, moves: None,
) -> Improvement:
    """Move around somebody for as long as a surer answer is expected, within a budget.

    Args:
        explorer: looks and moves.
        sides: what decides; it may be asked for different people.
        goal: the confidence to reach, and the budget.
        report: is told what happens.
    """
    answers: list[ViewAnswer] = []
    blocked: list[float] = []
    moves, begun = 0, explorer.travelled

    def end(message: str, success: bool = False, interrupted: bool = False) -> Improvement:
        return Improvement(tuple(answers), moves, message, success, interrupted)

    try:
        while True:
            report("looking", answers[-1] if answers else None, moves)
            now = explorer.answer()
            if now is None:
                return end("nothing is told of the person")
            answers.append(now)
            report("deciding", now, moves)
            if now.confidence >= goal.confidence:
                return end("it is told surely", success=True)
            if moves >= goal.max_moves:
                return end(f"all {goal.max_moves} moves are made")
            tried = [pan - now.pan for pan in (*(answer.pan for answer in answers[:-1]), *blocked)]
            decision = sides(now.missing, now.distance, tried)
            if decision.move is None:
                return end(decision.reason)
            left = max(goal.max_travel - (explorer.travelled - begun), 0.0)
            move = shortened(decision.move, now.distance, goal.max_pan, now.pan, left)
            if move is None:
                return end(f"no more is allowed than {goal.max_travel:g} m, {math.degrees(goal.max_pan):.0f} degrees")
            report("moving", now, moves)
            if reason := explorer.move(move, left):
                if reason != IN_THE_WAY:
                    return end(reason)
                blocked.append(now.pan + decision.move.pan)
            moves += 1
    except Interrupted as reason:
        return end(str(reason), interrupted=True)
