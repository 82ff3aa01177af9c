"""The policy of robots that do not drive: to look at a person again, while they move and turn."""

from __future__ import annotations

from collections.abc import Sequence

from opendr_perception.active.control import Move
from opendr_perception.active.perception import UNKNOWN, FaceObservation, RangeOnly, most_probable
from opendr_perception.active.policies.base import Decision

CERTAIN = 0.95
"""Probability of one person from which on nothing more is looked for, as in `auto`."""
AGAIN = Move(aim=True)


class Watching:
    """Looks on until all views together are certain who it is; a stranger may turn out to be somebody."""

    def begin(self) -> None:
        """There is nothing to forget."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        """See ViewPolicy."""
        name, probability = most_probable(views)
        if probability >= CERTAIN and name != UNKNOWN:
            return Decision(None, f"all views together say that it is {name}")
        return Decision(AGAIN, "it is not certain who it is")

    def search(self, glimpse: RangeOnly) -> Decision:
        """See Persistent."""
        return Decision(AGAIN, "the face is not seen yet")

    def blocked(self, move: Move) -> None:
        """Nothing is in a head's way."""
