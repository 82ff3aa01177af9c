"""The arbiter: clear the face, come nearer, look at it from the front; stop when all views together are certain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opendr_perception.active.control import Move
from opendr_perception.active.perception import (
    UNKNOWN,
    FaceObservation,
    RangeOnly,
    apparent_yaw,
    legible,
    most_probable,
)
from opendr_perception.active.policies.base import Decision, ViewPolicy
from opendr_perception.active.policies.front import UNDERESTIMATED

ARRIVED = 0.7
"""Share of a way towards somebody from which on what was in the way stands beside it; distances are rough."""


@dataclass(frozen=True)
class AutoSettings:
    """Thresholds from which on a move is worth its way.

    Args:
        certain: probability of one person, or of a stranger, from which on nothing more is tried.
        smallest_face: side of the face's box in pixels below which the robot comes nearer first.
        wanted_face: how large it then wants it.
        large_face: the same of a face that is seen from the front, when it is still not certain who it is.
        largest_face: how large it then wants it.
        nearest: how near it comes for that, m; from nearer it backs off, where robots may not drive but away.
        longest_approach: in one move, m.
        frontal: angle from the front up to which no other side is better, rad.
        clear_within: angle from the front up to which a covered face is cleared by small steps, rad; from farther
            away, going to the front clears it.
        search: first step around a person whose face is not found, rad; the next one goes as far to the other side of
            where it began.
        searches: number of such steps.
        searched_from: distance from which that is done, where the robot is farther away by `nearest` or more, m.
        aside: angle by the landmarks of what is hardly a face from which on they are believed about the side, rad.
        detour: around the person, where the way towards them is not free, rad.
        inside: distance from the person at which the robot goes around them where it could not farther away, m.
        again: number of looks from beside the front at who is near, uncovered, and still not certain.
        beside: how far beside the front they are, rad, to one side and then to the other.
    """

    certain: float = 0.95
    smallest_face: float = 28.0
    wanted_face: float = 64.0
    large_face: float = 70.0
    largest_face: float = 80.0
    nearest: float = 1.2
    longest_approach: float = 6.0
    frontal: float = math.radians(15)
    clear_within: float = math.radians(30)
    search: float = math.radians(28)
    searches: int = 3
    searched_from: float = 2.2
    aside: float = math.radians(25)
    detour: float = math.radians(25)
    inside: float = 1.5
    again: int = 2
    beside: float = math.radians(18)


class Front(Protocol):
    """Follows the front of one person's face."""

    def begin(self) -> None:
        """Forget the last person."""
        ...

    def __call__(self, view: FaceObservation) -> float:
        """Angle to go around the person to see them from the front, rad, positive to the robot's own right."""
        ...


class AutoPolicy:
    """Asks in this order, because neither a covered face nor a small one can be judged.

    Args:
        occlusion: clears the face.
        front: how far to go around the person to see their face from the front.
        last: is asked when a face from the front and near is still not certain; nobody by default.
        settings: of the policy.
        flies: the robot goes up and down too, and looks below and above what hides all of a face.
    """

    def __init__(
        self,
        occlusion: ViewPolicy,
        front: Front,
        last: ViewPolicy | None = None,
        settings: AutoSettings | None = None,
        flies: bool = False,
    ) -> None:
        self._occlusion, self._front, self._last, self._flies = occlusion, front, last, flies
        self._settings = settings or AutoSettings()
        self._searched = self._again = 0
        self._blocked: Move | None = None

    def begin(self) -> None:
        """All begin anew."""
        self._occlusion.begin()
        self._front.begin()
        if self._last is not None:
            self._last.begin()
        self._searched, self._again, self._blocked = 0, 0, None

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        settings, view = self._settings, views[-1]
        name, probability = most_probable(views)
        certain = probability >= settings.certain
        if certain and name != UNKNOWN:
            return Decision(None, f"all views together say that it is {name}")
        turn = self._front(view)
        if self._blocked is not None:
            return self._around(views, turn)
        if not legible(view):
            return self._mistaken(views)
        if view.distance < settings.nearest and abs(turn) > settings.frontal:
            return Decision(Move(turn, view.distance - settings.nearest), "too near to go around the person")
        if abs(turn) < settings.clear_within:
            clearing = self._occlusion.decide(views)
            if clearing.move is not None:
                return clearing
        pan = turn if abs(turn) > settings.frontal else 0.0
        nearer = self._approach(view, settings.smallest_face, settings.wanted_face)
        if pan or nearer:
            reason = f"{view.size:.0f} pixels of a face that looks {math.degrees(abs(turn)):.0f} degrees to the side"
            return Decision(Move(pan, nearer), reason)
        if nearer := self._approach(view, settings.large_face, settings.largest_face):
            return Decision(Move(advance=nearer), "seen from the front, it is still not certain who it is")
        if certain:  # only now: a face that is covered, turned, or not as large as it can be is near to nobody's
            return Decision(None, "all views together say that it is nobody of them")
        if self._last is not None:
            return self._last.decide(views)
        if self._again == settings.again:
            return Decision(None, "no other view is better")
        self._again += 1
        side = settings.beside if self._again % 2 else -settings.beside
        return Decision(Move(pan=turn + side), "near, from the front, and still not certain: once more from beside")

    def _mistaken(self, views: Sequence[FaceObservation]) -> Decision:
        """After what is no face, or one that is turned or covered so far that it looks like none."""
        view = views[-1]
        if self._flies and (clearing := self._occlusion.decide(views)).move is not None and clearing.move.rise:
            return clearing
        turn = UNDERESTIMATED * apparent_yaw(view)
        if abs(turn) < self._settings.aside:  # heads from behind and leaves look into the camera
            return self.search(RangeOnly(view.distance, view.pan))
        back = min(view.distance - self._settings.nearest, 0.0)
        return Decision(Move(turn, back), f"hardly a face, {math.degrees(abs(turn)):.0f} degrees to the side")

    def blocked(self, move: Move) -> None:
        """Go around what is in the way next."""
        self._blocked = move

    def search(self, glimpse: RangeOnly) -> Decision:
        """Look for the face from a little aside: what hides it is mostly nearer than the person."""
        settings, self._blocked = self._settings, None
        if self._searched == settings.searches:
            return Decision(None, "the face is not found")
        self._searched += 1
        side = 1 if self._searched % 2 else -1
        nearer = glimpse.distance - settings.searched_from  # from there the way around is shorter
        move = Move(side * self._searched * settings.search, nearer if nearer > settings.nearest else 0.0)
        return Decision(move, "the face is not found here")

    def _around(self, views: Sequence[FaceObservation], turn: float) -> Decision:
        """Past what stood in the way towards the person, or between it and the person."""
        settings, blocked, reason = self._settings, self._blocked or Move(), "the way is not free"
        self._blocked = None
        came = views[-2].distance - views[-1].distance if len(views) > 1 else 0.0
        if blocked.advance and not blocked.before and came < ARRIVED * blocked.advance:
            return Decision(self._past(views[-1], turn), reason)
        nearer = views[-1].distance - settings.inside
        return Decision(Move(advance=nearer) if nearer > 0 else None, reason)

    def _past(self, view: FaceObservation, turn: float) -> Move:
        """Around the person until what stood in the way is beside it, then nearer, and the rest of the way around:
        that is shorter from nearer."""
        settings = self._settings
        nearer = self._approach(view, settings.wanted_face, settings.wanted_face)
        if not nearer:
            return Move(pan=math.copysign(max(abs(turn), settings.detour), turn))
        rest = max(abs(turn) - settings.detour, 0.0)
        detour = math.copysign(settings.detour, turn)
        return Move(math.copysign(rest, turn) if rest > settings.frontal else 0.0, nearer, before=detour)

    def _approach(self, view: FaceObservation, smallest: float, wanted: float) -> float:
        """Distance to go towards a face that is smaller than it should be, m."""
        if math.isnan(view.distance) or view.size >= smallest:
            return 0.0
        goal = max(view.distance * view.size / wanted, self._settings.nearest)
        return max(min(view.distance - goal, self._settings.longest_approach), 0.0)
