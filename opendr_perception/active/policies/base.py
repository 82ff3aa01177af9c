"""View policies: the interface of all of them, and their knowledge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceObservation, RangeOnly


@dataclass(frozen=True)
class Decision:
    """Next move, and its reason.

    Args:
        move: None to stay.
        reason: in words.
        expected: the confidence that is expected after the move; NaN when the policy does not predict it.
    """

    move: Move | None
    reason: str
    expected: float = math.nan


class ViewPolicy(Protocol):
    """Chooses moves for one person at a time."""

    def begin(self) -> None:
        """Forget the last episode."""
        ...

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        """Choose from all views of this episode, the newest last."""
        ...


@runtime_checkable
class Persistent(ViewPolicy, Protocol):
    """A policy that does not give up when no face is found, nor when the way is not free."""

    def search(self, glimpse: RangeOnly) -> Decision:
        """Choose where to look for the face."""
        ...

    def blocked(self, move: Move) -> None:
        """Take note that a move could not be made, or not to its end."""
        ...
