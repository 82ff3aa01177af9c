"""Posture of body and arms, from one set of keypoints after the other; and falls.

Somebody has fallen who was upright, lies, and was on the way down for a moment only. Who bends stands on upright legs;
who sits or kneels has an upright trunk, and is tall enough; who lies down to sleep takes longer, or sat on the bed
before and keeps the hips where they were.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.fusion.joining import SURE
from opendr_perception.tasks.fusion.sight import Floats
from opendr_perception.tasks.fusion.space.measures import (
    ELBOWS,
    EYES,
    HIPS,
    NOSE,
    SHOULDERS,
    WRISTS,
    middle_of,
    torso_angle,
)

FEWEST = 6
"""Keypoints without which nothing is said."""
SHRINKS = 0.95
"""Of the length of a torso that was seen, in a second: people go away, and a wrong keypoint must not stay."""
UPRIGHT_TALL, UPRIGHT_TILT = 1.8, math.radians(30)
"""Least height of the keypoints in lengths of the torso, and largest tilt of the torso, of somebody upright."""
LYING_TALL, LYING_WIDE, LYING_FLAT = 1.5, 0.7, 1.2
"""Largest height, least width, and largest height over width, of somebody who lies."""
SLENDER = 2.0
"""Height over width from which on who has an upright trunk does not lie any more, however short: they walk away."""
TRUNK_LONG = 0.6
"""Of the length of the torso that was seen: an upright trunk as long as this does not lie, whatever is cut off."""
DOWN_WITHIN = 1.6
"""Seconds from a moment upright to the first one lying, of somebody who falls."""
STANDING_TALL = 2.7
"""Height from which on somebody upright stands; who is lower sits or kneels,"""
DROP = 0.2
"""and only falls if the hips come down so far, in lengths of the torso;"""
LOWER = 0.1
"""of who stood on straight legs: the hips of who bends stay where they were."""
SINKS = 0.5
"""Lengths of the torso that the hips come down from any moment upright, of who sinks before the trunk tips."""
SETTLES = 1.0
"""Seconds from the first moment lying in which they must have done so."""
STRETCHED = math.radians(150)
"""Angle of an elbow from which on an arm is stretched."""
RAISED = math.radians(45)
"""Angle of an arm with the trunk from which on it points somewhere."""
KEPT = 1.5
"""Seconds of the ways of the hands that are remembered."""
MOST_KEPT = 64
"""Images of them."""
SWINGS = 3
"""Turns of a hand to the other side, in that time, of somebody who waves."""
SWING = 0.25
"""Least way of a hand between two turns, in lengths of the torso."""


@dataclass(frozen=True)
class Hands:
    """Recent positions of the hands.

    Args:
        times: s.
        across: of the left and the right wrist from its elbow, to the right of the image, in lengths of the torso; NaN
            where the hand is not above the elbow.
    """

    times: tuple[float, ...] = ()
    across: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class UprightMoment:
    """One moment in which somebody was upright.

    Args:
        time: s.
        hips: row of the image in which their hips were, pixels.
        stood: whether they stood on straight legs.
    """

    time: float
    hips: float
    stood: bool


@dataclass(frozen=True)
class Posture:
    """Posture of one person.

    Args:
        time: of the keypoints, s.
        torso: length that it was seen to have, pixels.
        upright: the last moments in which they were.
        lying: since when they lie, s; NaN while they do not.
        fallen: whether they came down so quickly that it was a fall.
        hands: where they were.
    """

    time: float = -math.inf
    torso: float = 0.0
    upright: tuple[UprightMoment, ...] = ()
    lying: float = math.nan
    fallen: bool = False
    hands: Hands = Hands()

    @property
    def lies(self) -> bool:
        """True if they lie."""
        return not math.isnan(self.lying)

    @property
    def stands(self) -> bool:
        """True if they are upright now."""
        return bool(self.upright) and self.upright[-1].time == self.time

    def see(self, points: Floats, time: float) -> Posture:
        """Take note of the keypoints (17, 3) of the next image; too few of them change nothing."""
        sure = points[:, 2] >= SURE
        shoulders, hips = middle_of(points, SHOULDERS), middle_of(points, HIPS)
        tilt = torso_angle(points)
        if sure.sum() < FEWEST or shoulders is None or hips is None or tilt is None:
            return self
        kept = self.torso * SHRINKS ** max(min(time - self.time, 60.0), 0.0)
        length = float(np.linalg.norm(hips - shoulders))
        torso = max(kept, length, 1.0)
        width, height = (points[sure, :2].max(axis=0) - points[sure, :2].min(axis=0)) / torso
        recent = (one for one in self.upright if 0 <= time - one.time <= DOWN_WITHIN + SETTLES)
        upright, lying, fallen = (*recent,)[-MOST_KEPT:], self.lying, self.fallen
        trunk = tilt <= UPRIGHT_TILT and length >= TRUNK_LONG * torso  # who lies towards the camera is foreshortened
        if height >= UPRIGHT_TALL and tilt <= UPRIGHT_TILT:
            upright = (*upright, UprightMoment(time, float(hips[1]), height >= STANDING_TALL))
            lying, fallen = math.nan, False
        elif not trunk and height <= LYING_TALL and width >= LYING_WIDE and height <= LYING_FLAT * width:
            lying = time if math.isnan(lying) else lying
            before = [one for one in upright if lying - one.time <= DOWN_WITHIN and time - lying <= SETTLES]
            ways = [(hips[1] - one.hips) / torso for one in before]
            fallen = fallen or (
                bool(ways) and (ways[-1] >= (LOWER if before[-1].stood else DROP) or max(ways) >= SINKS)
            )
        elif height > LYING_TALL * 1.15 or (tilt <= UPRIGHT_TILT and height >= SLENDER * width):
            lying, fallen = math.nan, False
        return Posture(time, torso, upright, lying, fallen, _remember(self.hands, points, torso, time))


def _remember(hands: Hands, points: Floats, torso: float, time: float) -> Hands:
    now = []
    for elbow, wrist in zip(points[list(ELBOWS)], points[list(WRISTS)], strict=True):
        above = min(elbow[2], wrist[2]) >= SURE and wrist[1] < elbow[1]
        now.append(float(wrist[0] - elbow[0]) / torso if above else math.nan)
    recent = [k for k, then in enumerate(hands.times) if 0 <= time - then <= KEPT][-MOST_KEPT:]
    times = (*(hands.times[k] for k in recent), time)
    return Hands(times, (*(hands.across[k] for k in recent), (now[0], now[1])))


def waves(hands: Hands) -> float:
    """Score of a waving hand, from 0 to 1: it is above its elbow, and goes to and fro."""
    return max((_swings(side) for side in zip(*hands.across, strict=True)), default=0.0)


def _swings(side: Sequence[float]) -> float:
    if len(side) < SWINGS + 1 or np.isnan(side).mean() > 0.3:
        return 0.0
    places = [place for place in side if not math.isnan(place)]
    turns, low, high, rising = 0, places[0], places[0], 0
    for place in places:
        low, high = min(low, place), max(high, place)
        if rising >= 0 and place < high - SWING:
            turns, low, rising = turns + 1, place, -1
        elif rising <= 0 and place > low + SWING:
            turns, high, rising = turns + 1, place, 1
        if rising > 0:
            low = place if place > high - 1e-9 else low
        elif rising < 0:
            high = place if place < low + 1e-9 else high
    return min(turns / SWINGS, 1.0)


def hands_raised(points: Floats) -> float:
    """Score of both hands above the head, from 0 to 1: that of the less sure one of their keypoints."""
    head = points[[NOSE, *EYES]]
    head = head[head[:, 2] >= SURE]
    wrists, shoulders = points[list(WRISTS)], middle_of(points, SHOULDERS)
    if not len(head) or shoulders is None or wrists[:, 2].min() < SURE:
        return 0.0
    return float(wrists[:, 2].min()) if wrists[:, 1].max() < head[:, 1].min() else 0.0


@dataclass(frozen=True)
class Pointing:
    """An arm that points.

    Args:
        left: whether it is the left one.
        score: in [0, 1].
    """

    left: bool
    score: float


def points_with(points: Floats) -> Pointing | None:
    """The arm that somebody points with: stretched, away from the trunk, and the only one.

    An arm that points at the camera is short in the image, and not found.
    """
    shoulders, hips = middle_of(points, SHOULDERS), middle_of(points, HIPS)
    if shoulders is None or hips is None:
        return None
    down = (hips - shoulders) / max(float(np.linalg.norm(hips - shoulders)), 1e-6)
    torso = float(np.linalg.norm(hips - shoulders))
    found = []
    for number in (0, 1):
        shoulder, elbow, wrist = points[SHOULDERS[number]], points[ELBOWS[number]], points[WRISTS[number]]
        score = min(shoulder[2], elbow[2], wrist[2])
        upper, lower = elbow[:2] - shoulder[:2], wrist[:2] - elbow[:2]
        length = float(np.linalg.norm(upper) + np.linalg.norm(lower))
        if score < SURE or length < 0.6 * torso:
            continue
        straight = math.pi - _angle(upper, lower)
        from_trunk = _angle(wrist[:2] - shoulder[:2], down)
        if straight >= STRETCHED and RAISED <= from_trunk <= math.pi - RAISED:
            found.append(Pointing(number == 0, float(score)))
    return found[0] if len(found) == 1 else None


def _angle(one: Floats, other: Floats) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return math.acos(max(-1.0, min(1.0, float(one @ other) / max(lengths, 1e-9))))
