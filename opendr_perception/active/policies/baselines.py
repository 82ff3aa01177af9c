"""Policies to compare with: without them one cannot tell what choosing a view is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceObservation, RangeOnly
from opendr_perception.active.policies.base import Decision


class Static:
    """Never moves."""

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return Decision(None, "this policy never moves")


class RandomWalk:
    """Goes somewhere by chance, whatever it sees: what looking more than once is worth without choosing.

    Args:
        step: around the person, to either side, rad.
        random: source of chance.
        nearer: towards the person, m; as probable as either side where there is room for it.
        nearest: m, beyond which it does not go.
    """

    def __init__(self, step: float, random: np.random.Generator, nearer: float = 1.0, nearest: float = 1.2) -> None:
        self._step, self._random, self._nearer, self._nearest = step, random, nearer, nearest

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return self._somewhere(views[-1].distance)

    def search(self, glimpse: RangeOnly) -> Decision:
        """It does not need to see a face."""
        return self._somewhere(glimpse.distance)

    def blocked(self, move: Move) -> None:
        """The next one may be free."""

    def _somewhere(self, distance: float) -> Decision:
        moves = [Move(pan=-self._step), Move(pan=self._step)]
        if distance - self._nearer >= self._nearest:
            moves.append(Move(advance=self._nearer))
        return Decision(moves[int(self._random.integers(len(moves)))], "by chance")


class RuleBased:
    """Goes nearer as long as that helps [Tosidis 2022, the baseline].

    Args:
        step: m; what `bench view` measures.
        tolerance: of the confidence, by which it may fall.
        nearest: m, beyond which it does not go.
    """

    def __init__(self, step: float = 1.0, tolerance: float = 0.01, nearest: float = 0.9) -> None:
        self._step, self._tolerance, self._nearest = step, tolerance, nearest

    def begin(self) -> None:
        """Nothing is kept: the views say it all."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        now = views[-1]
        if len(views) > 1 and now.recognition.rank < views[-2].recognition.rank - self._tolerance:
            return Decision(None, "going nearer did not help")
        if now.distance - self._step < self._nearest:
            return Decision(None, "it is as near as allowed")
        return Decision(Move(advance=self._step), "nearer may be better")
