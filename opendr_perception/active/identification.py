"""The loop of looking, deciding and moving that ends with a name, for a robot or a simulator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from opendr_perception.active.control import IN_THE_WAY, Move
from opendr_perception.active.perception import FaceObservation, RangeOnly, best, most_probable
from opendr_perception.active.policies import Decision, Persistent, ViewPolicy


@dataclass(frozen=True)
class Goal:
    """Goal of an identification: the confidence to reach, and the budget for it.

    Args:
        confidence: of the identity, from which on nothing more is tried.
        max_moves: number of moves.
        max_pan: how far the robot may be from where it began, around the person, rad.
        max_travel: length of all ways together, m.
        look_first: accept a first view that is good enough. The published method [Kakaletsis 2022] does not: there
            the first view is always compared with its renderings.
        joint: all views together say who it is, and not the most confident one alone, as published.
    """

    confidence: float = 0.35
    max_moves: int = 4
    max_pan: float = math.radians(75)
    max_travel: float = 3.0
    look_first: bool = True
    joint: bool = True


@dataclass(frozen=True)
class Outcome:
    """Outcome of an identification.

    Args:
        views: all real views, in order; empty when nobody was seen.
        moves: number of moves that were made.
        message: why it ended.
        interrupted: from outside, before it was done.
        joint: see Goal.
    """

    views: tuple[FaceObservation, ...]
    moves: int
    message: str
    interrupted: bool = False
    joint: bool = True

    @property
    def identity(self) -> str:
        """The accepted name, or ''."""
        if not self.views:
            return ""
        if self._together:
            return most_probable(self.views)[0]
        recognition = best(self.views).recognition
        return recognition.identity if recognition.accepted else ""

    @property
    def success(self) -> bool:
        """True if somebody is named."""
        return self.identity != ""

    @property
    def confidence(self) -> float:
        """Of the view that is nearest to that person, or to anybody if nobody is named; NaN without a view."""
        if not self.views:
            return math.nan
        if self._together and (name := self.identity):
            return max(view.recognition.confidence_in(name) for view in self.views)
        return best(self.views).recognition.confidence

    @property
    def _together(self) -> bool:
        """True if the views can be judged together: a recogniser that tells no distances leaves the best one."""
        return self.joint and any(view.recognition.distances for view in self.views)


LEAST_PAN, LEAST_ADVANCE = math.radians(1), 0.05
"""Moves that are shorter, in rad and in m, are not worth being made."""


ASKED = 2
"""Moves in a row that are not begun because something stands in their way; the next one is tried nevertheless."""


class Interrupted(RuntimeError):
    """The loop shall end now; the text says why."""


class Explorer(Protocol):
    """A robot or a simulator."""

    def look(self) -> FaceObservation | RangeOnly | None:
        """Stand still and look at the person; None when they cannot be found."""
        ...

    def free(self, move: Move) -> bool:
        """Tell whether nothing stands in the way of a move, as far as is known before it."""
        ...

    def move(self, move: Move, within: float) -> str:
        """Make a move to its end, or to the end of so many metres; '' when it was made, else why not, in words."""
        ...

    @property
    def travelled(self) -> float:
        """Way that it has driven in all, m."""
        ...


Report = Callable[[str, FaceObservation | None, int], None]
"""Is told the phase, the newest view and the number of moves."""
Examine = Callable[[FaceObservation], FaceObservation]
"""Adds to a view what takes longer to know."""


def identify(
    explorer: Explorer,
    policy: ViewPolicy,
    goal: Goal,
    report: Report = lambda phase, view, moves: None,
    examine: Examine = lambda view: view,
) -> Outcome:
    """Look, and move as the policy says, until the person is recognised or nothing helps.

    Args:
        explorer: what looks and moves. When it is interrupted, what was seen until then decides.
        policy: what decides.
        goal: when to end.
        report: is told what happens.
        examine: each view, before anything is decided by it.
    """
    policy.begin()
    views: list[FaceObservation] = []
    moves, asked, begun = 0, 0, explorer.travelled

    def end(message: str, interrupted: bool = False) -> Outcome:
        return Outcome(tuple(views), moves, message, interrupted, goal.joint)

    try:
        while True:
            report("looking", views[-1] if views else None, moves)
            seen = explorer.look()
            if seen is None:
                return end("the person is not in view")
            if isinstance(seen, FaceObservation):
                seen = examine(seen)
                views.append(seen)
                report("deciding", seen, moves)
                if reason := _enough(goal, views, moves):
                    return end(reason)
            if moves >= goal.max_moves:
                return end(f"all {goal.max_moves} moves are made")
            decision = policy.decide(views) if isinstance(seen, FaceObservation) else _search(policy, seen)
            if decision.move is None:
                return end(decision.reason)
            distance = 0.0 if math.isnan(seen.distance) else seen.distance
            left = max(goal.max_travel - (explorer.travelled - begun), 0.0)
            move = shortened(decision.move, distance, goal.max_pan, seen.pan, left)
            if move is None:
                degrees = math.degrees(goal.max_pan)
                return end(
                    f"more than {goal.max_travel:g} m or {degrees:.0f} degrees around the person are not allowed"
                )
            if isinstance(policy, Persistent) and asked < ASKED and not explorer.free(move):
                asked += 1
                policy.blocked(move)
                continue
            asked = 0
            report("moving", views[-1] if views else None, moves)
            if reason := explorer.move(move, left):
                if reason != IN_THE_WAY or not isinstance(policy, Persistent):
                    return end(reason)
                policy.blocked(move)
            moves += 1
    except Interrupted as reason:
        return end(str(reason), interrupted=True)


def _enough(goal: Goal, views: Sequence[FaceObservation], moves: int) -> str:
    """Reason why no move is needed or possible; '' when one is."""
    newest = views[-1].recognition
    if math.isnan(newest.confidence):
        return "nobody is enrolled"
    agreed = not (goal.joint and newest.distances) or most_probable(views)[0] == newest.identity
    if (moves or goal.look_first) and newest.confidence > goal.confidence and agreed:
        return "recognised"
    return ""


def _search(policy: ViewPolicy, glimpse: RangeOnly) -> Decision:
    return policy.search(glimpse) if isinstance(policy, Persistent) else Decision(None, "the face is not found")


def shortened(move: Move, distance: float, max_pan: float, pan: float, way: float) -> Move | None:
    """As much of a move as the angle and the way that is left allow; None for next to nothing."""
    if move.aim:
        return move
    before = min(max(pan + move.before, -max_pan), max_pan) - pan if move.before else 0.0
    turn = min(max(pan + before + move.pan, -max_pan), max_pan) - pan - before if move.pan else 0.0
    length = Move(turn, move.advance, rise=move.rise, before=before).length(distance)
    share = min(1.0, way / length) if length > 0 else 1.0
    shorter = Move(share * turn, share * move.advance, rise=share * move.rise, before=share * before)
    straight = max(abs(shorter.advance), abs(shorter.rise))
    return None if max(abs(shorter.pan), abs(shorter.before)) < LEAST_PAN and straight < LEAST_ADVANCE else shorter
