"""Events of one person: each kind has two thresholds, and must last before it counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from opendr_perception.tasks.fusion.doings.posture import (
    Pointing,
    Posture,
    hands_raised,
    points_with,
    waves,
)
from opendr_perception.tasks.fusion.joining import SeenPerson
from opendr_perception.tasks.fusion.sight import Event
from opendr_perception.tasks.fusion.space import Approach


@dataclass(frozen=True)
class Rule:
    """Thresholds and times at which an event begins and ends.

    Args:
        on: score from which it begins.
        off: score below which it ends.
        hold: seconds that it must last to begin.
        release: seconds that it must be away to end.
    """

    on: float
    off: float
    hold: float
    release: float


RULES = {
    "fall": Rule(0.4, 0.2, 0.1, 1.5),
    "lying": Rule(0.5, 0.3, 1.0, 1.0),
    "wave": Rule(0.6, 0.3, 0.4, 1.0),
    "hands_raised": Rule(0.4, 0.25, 0.4, 0.5),
    "pointing": Rule(0.4, 0.25, 0.5, 0.5),
    "approaching": Rule(0.6, 0.35, 0.5, 0.7),
    "leaving": Rule(0.6, 0.35, 0.5, 0.7),
    "near": Rule(0.5, 0.4, 0.2, 0.5),
}
"""Of all kinds that begin and end; appeared, left and named have no end."""

ACTION_OF = {"fall": "fall", "lie": "lying", "wave": "wave", "raise hands": "hands_raised"}
"""The event that an action of the network is evidence of."""
WALKS = 0.5
"""Speed to or from the camera, m/s, of which it is half sure that somebody approaches or leaves."""
STEEPNESS = 4.0
"""Slope of the logistic function of the speed, for each m/s."""
NEAR_EDGE = 0.1
"""Relative distance beyond which somebody is not near any more."""
BY_POSTURE = 0.8
"""Score of a fall or of lying by the posture alone."""
BY_ACTION = 0.9
"""Weight of the probability of an action."""


@dataclass(frozen=True)
class EventEvidence:
    """Evidence of an event in one image.

    Args:
        score: in [0, 1].
        reason: by what it is noticed.
    """

    score: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class EventCourse:
    """State of one kind of event.

    Args:
        lasts: whether it has begun.
        since: of the change that is waited for, s; NaN for none.
        score: the best one since then.
    """

    lasts: bool = False
    since: float = math.nan
    score: float = 0.0

    def go_on(self, rule: Rule, score: float, time: float) -> tuple[EventCourse, bool]:
        """Take note of the next score.

        Returns:
            How it goes on, and whether it has begun or ended now.
        """
        changes = score < rule.off if self.lasts else score >= rule.on
        if not changes:
            return EventCourse(self.lasts, score=max(self.score, score) if self.lasts else 0.0), False
        since = time if math.isnan(self.since) else self.since
        best = self.score if self.lasts else max(self.score, score)
        if time - since >= (rule.release if self.lasts else rule.hold):
            return EventCourse(not self.lasts, score=best), True
        return EventCourse(self.lasts, since, best), False


@dataclass(frozen=True)
class Doings:
    """State of all events of one person.

    Args:
        postures: how they hold themselves, by the camera that sees it: lengths are pixels of that camera.
        courses: of each kind of event.
    """

    postures: Mapping[str, Posture] = field(default_factory=dict)
    courses: Mapping[str, EventCourse] = field(default_factory=dict)

    def lasting(self) -> list[str]:
        """The events that have begun and not ended."""
        return [kind for kind, course in self.courses.items() if course.lasts]


def observe(
    doings: Doings,
    person: str,
    seen: SeenPerson,
    labels: tuple[str, ...],
    way: Approach,
    near: float,
    time: float,
    camera: str = "",
) -> tuple[Doings, list[Event]]:
    """Take note of what somebody does in the next image.

    Args:
        doings: until now.
        person: id.
        seen: of the person.
        labels: of actions.
        way: distance and speed.
        near: distance, m, below which they are near.
        time: s.
        camera: that sees it.

    Returns:
        What they do, and what has begun or ended.
    """
    posture = doings.postures.get(camera, Posture())
    if seen.keypoints is not None:
        posture = posture.see(seen.keypoints, time)
    found = {
        **dict(_by_posture(posture, seen, _by_action(seen, labels))),
        **dict(_by_way(way, near, "near" in doings.lasting())),
    }
    courses = dict(doings.courses)
    events = []
    for kind, rule in RULES.items():
        evidence = found.get(kind)
        if evidence is None:  # nothing is known: it goes on as it was
            continue
        courses[kind], changed = courses.get(kind, EventCourse()).go_on(rule, evidence.score, time)
        if changed:
            begins = courses[kind].lasts
            events.append(Event(person, kind, begins, courses[kind].score, evidence.reason if begins else "it is over"))
            courses[kind] = courses[kind] if begins else EventCourse()
    return replace(doings, postures={**doings.postures, camera: posture}, courses=courses), events


def end_all(doings: Doings, person: str, reason: str) -> list[Event]:
    """The end of all that lasts, of somebody who is not seen any more."""
    return [Event(person, kind, False, doings.courses[kind].score, reason) for kind in doings.lasting()]


def _by_action(seen: SeenPerson, labels: tuple[str, ...]) -> dict[str, float]:
    """The probability of each event that the action network says something about."""
    if seen.action is None or len(labels) != len(seen.action.probabilities):
        return {}
    chances = zip(labels, seen.action.probabilities, strict=True)
    return {ACTION_OF[label]: float(chance) for label, chance in chances if label in ACTION_OF}


def _by_posture(posture: Posture, seen: SeenPerson, acted: Mapping[str, float]) -> Iterator[tuple[str, EventEvidence]]:
    """Evidence by keypoints and actions; nothing where neither is known."""
    points = seen.keypoints
    if points is None:
        return
    action = {kind: BY_ACTION * chance for kind, chance in acted.items()}
    fallen = BY_POSTURE if posture.fallen else 0.0
    said = 0.0 if posture.stands else action.get("fall", 0.0)
    yield "fall", _stronger(fallen, "upright, then lying within a moment", said, "the action is fall")
    lies = BY_POSTURE if posture.lies else 0.0
    said = 0.0 if posture.stands else action.get("lying", 0.0)
    yield "lying", _stronger(lies, "the body is flat", said, "the action is lie")
    swings = waves(posture.hands)
    waving = swings if "wave" not in acted else swings * min(1.0, 0.6 + acted["wave"])
    yield "wave", EventEvidence(waving, "a raised hand goes to and fro")
    yield "hands_raised", EventEvidence(hands_raised(points), "both hands are above the head")
    arm = None if posture.lies else points_with(points)
    yield "pointing", EventEvidence(0.0 if arm is None else arm.score, "" if arm is None else describe(arm))


def describe(arm: Pointing) -> str:
    """The arm that points, in words."""
    return f"the {'left' if arm.left else 'right'} arm is stretched away from the body"


def _by_way(way: Approach, near: float, was_near: bool) -> Iterator[tuple[str, EventEvidence]]:
    """Evidence by the place; nothing where it is not known."""
    if math.isnan(way.distance):
        return
    for kind, speed in (("approaching", -way.speed), ("leaving", way.speed)):
        sure = 1 / (1 + math.exp(-STEEPNESS * (speed - WALKS)))
        yield (
            kind,
            EventEvidence(sure, f"{speed:.1f} m/s {'towards' if kind == 'approaching' else 'away from'} the camera"),
        )
    border = near * (1 + NEAR_EDGE) if was_near else near
    yield "near", EventEvidence(float(way.distance < border), f"{way.distance:.1f} m away, less than {near:g} m")


def _stronger(one: float, reason: str, other: float, another: str) -> EventEvidence:
    return EventEvidence(one, reason) if one >= other else EventEvidence(other, another)
