"""Engagement of a person with the robot: five levels, by whether they look at it and how near they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

FARTHEST = 3.6
"""Metres from which on nobody is engaged: where social distance ends [Hall 1966]."""
SETTLED = 1.0
"""Seconds of looking after which somebody who begins is engaged, and of looking away after which they are not."""


class Level(IntEnum):
    """Levels of REP 155, as in hri_msgs/EngagementLevel."""

    UNKNOWN = 0
    DISENGAGED = 1
    ENGAGING = 2
    ENGAGED = 3
    DISENGAGING = 4


@dataclass(frozen=True)
class Engagement:
    """Engagement of one person, a value.

    Args:
        level: at the last look.
        since: s, when that level began.
    """

    level: Level = Level.UNKNOWN
    since: float = -math.inf

    def after(self, now: float, facing: bool, looking: bool, distance: float) -> Engagement:
        """Engagement after another image.

        Args:
            now: its stamp, s.
            facing: whether the face is seen; without it nobody knows where somebody looks.
            looking: whether the face is turned to the robot.
            distance: m; NaN unknown, which does not count against it.
        """
        attentive = facing and looking and not distance > FARTHEST
        lasted = now - self.since >= SETTLED
        level = _attended(self.level, lasted) if attentive else _ignored(self.level, lasted, facing)
        return self if level is self.level else Engagement(level, now)


def _attended(level: Level, lasted: bool) -> Level:
    """The level after a level, when somebody looks."""
    if level in (Level.UNKNOWN, Level.DISENGAGED):
        return Level.ENGAGING
    return Level.ENGAGED if level is not Level.ENGAGING or lasted else level


def _ignored(level: Level, lasted: bool, facing: bool) -> Level:
    """The level after a level, when somebody does not look, or nobody knows where to."""
    if level is Level.UNKNOWN:
        return Level.DISENGAGED if facing else level
    if level is Level.ENGAGED:
        return Level.DISENGAGING
    return Level.DISENGAGED if level is not Level.DISENGAGING or lasted else level
