"""Search from far away and from behind, for policies that begin where a face can be found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from opendr_perception.active.control import Move
from opendr_perception.active.perception import (
    UNKNOWN,
    FaceObservation,
    RangeOnly,
    apparent_yaw,
    legible,
    most_probable,
)
from opendr_perception.active.policies.base import Decision, Persistent
from opendr_perception.active.policies.front import UNDERESTIMATED

FAR, NEAR = 5.0, 3.0
"""m from a person whose face is not found: from where the robot comes nearer first, by their body, and up to where."""
LONGEST = 8.0
"""m of one move; then the robot looks again."""
ASIDE = 2
"""Looks without a face that are left to the policy, which looks past what hides a face."""
CIRCLE = math.radians(80)
"""rad around the person, always to the same side, of each look after that; faces are found up to 75 degrees away."""
LOOKS = 5
"""Number of those: all around."""
SMALL = math.radians(35)
"""rad around the person, up to which a move is made as it is: it may be a measure of what covers a face."""
DETOUR = math.radians(25)
"""rad around the person where the way towards them is not free."""
CERTAIN = 0.95
"""Probability of one person from which on nothing more is tried."""
TURNED = math.radians(25)
"""By the landmarks: what seems to look into the camera, and is no face, is the back of a head."""


class Ranging:
    """Comes nearer by the body alone, and goes around people who turn their backs.

    Args:
        policy: what decides where a face is found, and looks past what is in the way.
    """

    def __init__(self, policy: Persistent) -> None:
        self._policy = policy
        self.begin()

    def begin(self) -> None:
        """Forget the last person."""
        self._policy.begin()
        self._lost = self._circled = 0
        self._approaching = self._blocked = False

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        """See ViewPolicy."""
        view, self._approaching = views[-1], False
        if legible(view):
            self._lost = 0
            return _nearer_first(self._policy.decide(views), view.distance)
        back = abs(UNDERESTIMATED * apparent_yaw(view)) < TURNED
        if back and self._lost >= ASIDE:
            return self.search(RangeOnly(view.distance, view.pan))
        decision = self._policy.decide(views)
        self._lost += decision.move is not None
        name, probability = most_probable(views)
        if decision.move is not None or (name != UNKNOWN and probability >= CERTAIN):
            return _nearer_first(decision, view.distance)
        return self.search(RangeOnly(view.distance, view.pan))

    def search(self, glimpse: RangeOnly) -> Decision:
        """See Persistent."""
        blocked, self._blocked = self._blocked, False
        if blocked:
            return Decision(Move(pan=DETOUR), "the way towards the person is not free")
        if glimpse.distance > FAR:
            self._approaching = True
            return Decision(Move(advance=min(glimpse.distance - NEAR, LONGEST)), "too far away to see a face")
        self._approaching = False
        self._lost += 1
        if self._lost <= ASIDE:
            decision = self._policy.search(glimpse)
            if decision.move is not None:
                return decision
        if self._circled == LOOKS:
            return Decision(None, "the face is not found from any side")
        self._circled += 1
        return Decision(Move(pan=-CIRCLE), "the person turns their back")

    def blocked(self, move: Move) -> None:
        """See Persistent."""
        if self._approaching:
            self._blocked = True
        else:
            self._policy.blocked(move)


def _nearer_first(decision: Decision, distance: float) -> Decision:
    """The way around somebody is shorter from nearer: far away, the way towards them is gone first; if that is long,
    it alone."""
    move = decision.move
    if move is None or not distance > FAR:
        return decision
    nearer = replace(move, advance=max(move.advance, min(distance - NEAR, LONGEST)))
    if abs(move.pan) <= SMALL or nearer.length(distance) > LONGEST:
        if move.length(distance) <= LONGEST:
            return decision
        nearer = Move(advance=min(distance - NEAR, LONGEST))
    return Decision(nearer, f"{decision.reason}; from nearer the way around is shorter", decision.expected)
