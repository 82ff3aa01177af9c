"""The arbiter: clear the face first, then come nearer, then look from another side; stop when nothing is worth its way.

In this order, because neither a covered face nor a small one can be rendered or judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from opendr_perception.active.belief import UNKNOWN, belief
from opendr_perception.active.motion import Move
from opendr_perception.active.policy import Decision, View, ViewPolicy


@dataclass(frozen=True)
class AutoSettings:
    """When a move is worth its way.

    Args:
        certain: probability of one person from which on nothing more is tried.
        smallest_face: side of the face's box in pixels below which the robot comes nearer first.
        wanted_face: how large it then wants it.
        nearest: how near it comes for that, m.
        longest_approach: in one move, m.
        gain_per_metre: confidence that a move around the person must promise for each metre.
    """

    certain: float = 0.97
    smallest_face: float = 36.0
    wanted_face: float = 45.0
    nearest: float = 1.2
    longest_approach: float = 2.0
    gain_per_metre: float = 0.05


class AutoPolicy:
    """Asks the policies one after the other.

    Args:
        occlusion: clears the face.
        synthesis: compares sides.
        settings: see there.
    """

    def __init__(self, occlusion: ViewPolicy, synthesis: ViewPolicy, settings: AutoSettings | None = None) -> None:
        self._occlusion, self._synthesis, self._settings = occlusion, synthesis, settings or AutoSettings()

    def begin(self) -> None:
        """All begin anew."""
        self._occlusion.begin()
        self._synthesis.begin()

    def decide(self, views: Sequence[View]) -> Decision:
        view = views[-1]
        name, probability = self._believed(views)
        if name != UNKNOWN and probability >= self._settings.certain:
            return Decision(None, f"all views together say that it is {name}")
        clearing = self._occlusion.decide(views)
        if clearing.move is not None:
            return clearing
        if (nearer := self._approach(view)) > 0:
            return Decision(Move(advance=nearer), f"the face is only {_size(view):.0f} pixels large")
        decision = self._synthesis.decide(views)
        if decision.move is None:
            return decision
        way = decision.move.length(view.distance)
        gain = decision.expected - view.recognition.rank
        if gain < self._settings.gain_per_metre * way:
            return Decision(None, f"{gain:.2f} is not worth {way:.2f} m", decision.expected)
        return decision

    @staticmethod
    def _believed(views: Sequence[View]) -> tuple[str, float]:
        recognition = views[-1].recognition
        distance = min(recognition.distances.values(), default=math.nan)
        if math.isnan(distance) or recognition.confidence >= 1:
            return UNKNOWN, 1.0
        threshold = distance / (1 - recognition.confidence)  # by the definition of the confidence
        shares = belief(views, threshold)
        return max(shares.items(), key=lambda item: item[1])

    def _approach(self, view: View) -> float:
        """How far to go towards a face that is too small, m."""
        settings = self._settings
        if math.isnan(view.distance) or _size(view) >= settings.smallest_face:
            return 0.0
        wanted = max(view.distance * _size(view) / settings.wanted_face, settings.nearest)
        return min(view.distance - wanted, settings.longest_approach)


def _size(view: View) -> float:
    return float((view.box[2:] - view.box[:2]).max())
