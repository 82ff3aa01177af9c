"""The loop of looking, deciding and moving that ends with a name, for robots and whatever stands for one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from opendr_perception.active.motion import Move
from opendr_perception.active.policy import View, ViewPolicy, best


@dataclass(frozen=True)
class Goal:
    """When to be content, and what may be spent.

    Args:
        confidence: of the identity, from which on nothing more is tried.
        max_moves: number of moves.
        max_pan: how far the robot may be from where it began, around the person, rad.
        max_travel: length of all ways together, m.
        look_first: accept a first view that is good enough. The published method [Kakaletsis 2022] does not: there
            the first view is always compared with its renderings.
    """

    confidence: float = 0.35
    max_moves: int = 4
    max_pan: float = math.radians(75)
    max_travel: float = 3.0
    look_first: bool = True


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    Args:
        views: all real views, in order; empty when nobody was seen.
        moves: number of moves that were made.
        message: why it ended.
        interrupted: from outside, before it was done.
    """

    views: tuple[View, ...]
    moves: int
    message: str
    interrupted: bool = False

    @property
    def identity(self) -> str:
        """The accepted name, or ''."""
        recognition = best(self.views).recognition if self.views else None
        return recognition.identity if recognition is not None and recognition.accepted else ""

    @property
    def confidence(self) -> float:
        """Of the best view; NaN without one."""
        return best(self.views).recognition.confidence if self.views else math.nan


class Interrupted(RuntimeError):
    """The loop shall end now; the text says why."""


class Explorer(Protocol):
    """A robot, or what stands for one."""

    def look(self) -> View | None:
        """Stand still and look at the person; None when they cannot be found."""
        ...

    def move(self, move: Move) -> str:
        """Make a move to its end; '' when it was made, else why not, in words."""
        ...


Report = Callable[[str, View | None, int], None]
"""Is told the phase, the newest view and the number of moves."""


def identify(
    explorer: Explorer, policy: ViewPolicy, goal: Goal, report: Report = lambda phase, view, moves: None
) -> Outcome:
    """Look, and move as the policy says, until the person is recognised or nothing helps.

    Args:
        explorer: what looks and moves. When it is interrupted, what was seen until then decides.
        policy: what decides.
        goal: when to end.
        report: is told what happens.
    """
    policy.begin()
    views: list[View] = []
    moves, travel = 0, 0.0
    try:
        while True:
            report("looking", views[-1] if views else None, moves)
            view = explorer.look()
            if view is None:
                return Outcome(tuple(views), moves, "the person is not in view")
            views.append(view)
            report("deciding", view, moves)
            if reason := _enough(goal, view, moves):
                return Outcome(tuple(views), moves, reason)
            decision = policy.decide(views)
            if decision.move is None:
                return Outcome(tuple(views), moves, decision.reason)
            travel += decision.move.length(0.0 if math.isnan(view.distance) else view.distance)
            if reason := _beyond(goal, decision.move, view.pan, travel):
                return Outcome(tuple(views), moves, reason)
            report("moving", view, moves)
            if reason := explorer.move(decision.move):
                return Outcome(tuple(views), moves, reason)
            moves += 1
    except Interrupted as reason:
        return Outcome(tuple(views), moves, str(reason), interrupted=True)


def _enough(goal: Goal, view: View, moves: int) -> str:
    """Why no move is needed or possible; '' when one is."""
    if math.isnan(view.recognition.confidence):
        return "nobody is enrolled"
    if (moves or goal.look_first) and view.recognition.confidence > goal.confidence:
        return "recognised"
    return f"all {goal.max_moves} moves are made" if moves >= goal.max_moves else ""


def _beyond(goal: Goal, move: Move, pan: float, travel: float) -> str:
    if abs(pan + move.pan) > goal.max_pan + 1e-6:
        return f"farther around the person than {math.degrees(goal.max_pan):.0f} degrees is not allowed"
    return f"more than {goal.max_travel:g} m is not allowed" if travel > goal.max_travel else ""
