"""Policies to compare with: without them one cannot tell what choosing a view is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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


class Oracle:
    """Goes to the best view that there is, which it is told: what no policy can surpass.

    Args:
        step: rad of a move.
        confidence: the true recognition's rank from a pan relative to the first view, rad; -inf where nothing is seen.
        reach: number of steps to each side.
    """

    def __init__(self, step: float, confidence: Callable[[float], float], reach: int = 4) -> None:
        self._step, self._confidence, self._reach = step, confidence, reach

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        here = round(views[-1].pan / self._step)
        ranks = {k: self._confidence(k * self._step) for k in range(-self._reach, self._reach + 1)}
        goal = max(ranks, key=lambda k: (ranks[k], -abs(k - here)))
        if goal == here or not math.isfinite(ranks[goal]):
            return Decision(None, "this is the best view")
        return Decision(Move(pan=math.copysign(self._step, goal - here)), "the best view is known", ranks[goal])
