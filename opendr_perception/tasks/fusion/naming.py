"""Names of people: recognised by the face, and carried by track and clothes when the face is gone.

A carried name is never surer than the face was, loses half of that in every half-life, and what every link is worth
that carries it: a track that goes on is sure, a likeness of clothes is probable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from opendr_perception.tasks.face import Identity
from opendr_perception.tasks.fusion.sight import NameSource

FRESH = 1.0
"""Seconds after its face was recognised for which somebody is named by the face."""
NEEDED = 2
"""Images in which a face must be recognised before its name is given."""
AHEAD = 2.0
"""So many times a name must have been recognised as often as any other."""
MOST_NAMES = 8
"""That are remembered of one person, who has one."""
KEPT_VOTES = 40.0
"""Most that are counted for a name, so that a mistake of long ago does not outlast a minute of the truth."""
FADED = 0.05
"""Confidence below which a name is not given any more."""
CONTRADICTED = 0.5
"""Votes lost by every name when a face is seen that is surely nobody's,"""
STRANGE = -0.4
"""which is one of this confidence or below: of the same person in a bad view it is about 0 to -0.2."""


@dataclass(frozen=True)
class Naming:
    """Votes for the name of one person, and the name that is given.

    Args:
        votes: how often each name was recognised, less what was taken back.
        name: the one that is given; '' none.
        strength: confidence of its face, in [0, 1].
        link: how sure it is that this is still the same person, in [0, 1].
        time: when the face was recognised last, s.
    """

    votes: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    strength: float = 0.0
    link: float = 1.0
    time: float = -1e9

    def recognise(self, identity: Identity, time: float) -> Naming:
        """A face of this person is seen, and is somebody's or nobody's.

        A face of which nothing is known yet says nothing.
        """
        if not identity.name:
            if identity.distance != identity.distance:  # not computed
                return self
            sure = STRANGE if math.isnan(identity.confidence) else identity.confidence
            lost = CONTRADICTED * min(max(sure / STRANGE, 0.0), 1.0)
            return self._count({name: count - lost for name, count in self.votes.items()}, time, 0.0)
        counts = dict(self.votes)
        counts[identity.name] = min(counts.get(identity.name, 0.0) + 1, KEPT_VOTES)
        for other in counts.keys() - {identity.name}:
            counts[other] -= 1
        return self._count(counts, time, max(0.0, min(identity.confidence, 1.0)), identity.name)

    def carry(self, likeness: float) -> Naming:
        """The name goes on by a likeness, of which it is so probable that it is the same person."""
        return Naming(self.votes, self.name, self.strength, self.link * likeness, self.time)

    def without(self, name: str) -> Naming:
        """Somebody else has proved to have this name."""
        if name not in self.votes and self.name != name:
            return self
        votes = {other: count for other, count in self.votes.items() if other != name}
        return Naming(votes) if self.name == name else Naming(votes, self.name, self.strength, self.link, self.time)

    def given(self, time: float, half_life: float) -> tuple[str, float, NameSource]:
        """The name that is given at a time, with its confidence, and by what it is known."""
        if not self.name:
            return "", 0.0, NameSource.NONE
        age = max(time - self.time, 0.0)
        if age <= FRESH and self.link >= 1:
            return self.name, self.strength, NameSource.FACE
        confidence = self.strength * self.link * 0.5 ** (age / half_life)
        if confidence < FADED:
            return "", 0.0, NameSource.NONE
        return self.name, confidence, NameSource.APPEARANCE

    def _count(self, votes: dict[str, float], time: float, strength: float, seen: str = "") -> Naming:
        votes = {name: count for name, count in sorted(votes.items(), key=lambda item: -item[1]) if count > 0}
        votes = dict(list(votes.items())[:MOST_NAMES])
        best = next(iter(votes), "")
        second = max((count for name, count in votes.items() if name != best), default=0.0)
        if best and votes[best] >= NEEDED and votes[best] >= AHEAD * second:
            if best == seen:
                kept = 0.8 * self.strength + 0.2 * strength if self.name == best else strength
                return Naming(votes, best, kept, 1.0, time)
            return Naming(votes, best, self.strength if self.name == best else 0.0, self.link, self.time)
        if self.name in votes:
            return Naming(votes, self.name, self.strength, self.link, self.time)
        return Naming(votes)
