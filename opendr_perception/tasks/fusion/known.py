"""Everybody who is known: who is seen, who has left and may come back, and who is one and the same."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from opendr_perception.tasks.fusion.clothes import Wardrobe
from opendr_perception.tasks.fusion.doings import Doings
from opendr_perception.tasks.fusion.naming import Naming
from opendr_perception.tasks.fusion.sight import Floats, NameSource, Person, Zone
from opendr_perception.tasks.fusion.space import MotionEstimate

MOST_ALIASES = 1000
"""Ids that are remembered to be somebody's, although they have another one by now."""


@dataclass(frozen=True, eq=False)
class Whereabouts:
    """Place at which a camera saw somebody.

    Args:
        time: s.
        frame: in which.
        point: (3,) m.
        since: when the track began by which it was seen, s.
    """

    time: float
    frame: str
    point: Floats
    since: float


@dataclass
class KnownPerson:
    """State that is kept of one person.

    Args:
        id: of the person.
        first_seen: stamp in seconds.
        time: when they were seen last, by the common time of all cameras, s.
        wardrobe: how they have looked.
        portrait: how they have looked while their own face was seen.
        naming: whose name they have.
        motion: where they are.
        doings: what they do.
        zone: how near they are.
        looking: whether they look at the camera.
        left: whether that was said.
        newest: what was said of them last.
        cameras: when each camera saw them last, s.
        has_body: whether a body was ever seen.
        places: where each camera saw them last.
        told: the name that an event has told; '' none.
    """

    id: str
    first_seen: float
    time: float
    wardrobe: Wardrobe = field(default_factory=Wardrobe)
    portrait: Wardrobe = field(default_factory=Wardrobe)
    naming: Naming = field(default_factory=Naming)
    motion: MotionEstimate | None = None
    doings: Doings = field(default_factory=Doings)
    zone: Zone = Zone.UNKNOWN
    looking: bool = False
    left: bool = False
    newest: Person | None = None
    cameras: dict[str, float] = field(default_factory=dict)
    has_body: bool = False
    places: dict[str, Whereabouts] = field(default_factory=dict)
    told: str = ""

    def seen_by(self, camera: str, time: float, within: float) -> bool:
        """True if a camera has seen them lately."""
        return time - self.cameras.get(camera, -math.inf) <= within


class Everybody:
    """All who are known, by their ids.

    Args:
        ids: of those who come.
    """

    def __init__(self, ids: Iterator[str]) -> None:
        self._ids = ids
        self._people: dict[str, KnownPerson] = {}
        self._aliases: dict[str, str] = {}

    def __iter__(self) -> Iterator[KnownPerson]:
        return iter(list(self._people.values()))

    def __len__(self) -> int:
        return len(self._people)

    def get(self, name: str) -> KnownPerson | None:
        """Somebody by an id that they have or had; None for nobody."""
        return self._people.get(self._aliases.get(name, name))

    def welcome(self, stamp: float, time: float) -> KnownPerson:
        """Somebody who was never seen before."""
        name = next(self._ids).replace("-", "_")  # so that it can be part of the name of a topic
        self._people[name] = person = KnownPerson(name, stamp, time)
        return person

    def merge(self, one: KnownPerson, other: KnownPerson) -> KnownPerson:
        """Two are one: the older id stays, and all that was seen last."""
        old, young = (one, other) if one.first_seen <= other.first_seen else (other, one)
        newer = max(one, other, key=lambda person: person.time)
        for look in young.wardrobe.views:
            old.wardrobe = old.wardrobe.wear(look)
        for look in young.portrait.views:
            old.portrait = old.portrait.wear(look)
        sure = max(one, other, key=lambda person: (person.naming.time, person.naming.strength))
        old.naming, old.motion, old.doings, old.newest = sure.naming, newer.motion, newer.doings, newer.newest
        old.zone, old.looking = newer.zone, newer.looking
        old.left, old.has_body = one.left and other.left, one.has_body or other.has_body
        old.time, old.told = newer.time, sure.told
        for camera, time in young.cameras.items():
            old.cameras[camera] = max(time, old.cameras.get(camera, -math.inf))
        for camera, place in young.places.items():
            if camera not in old.places or old.places[camera].time < place.time:
                old.places[camera] = place
        del self._people[young.id]
        self._aliases = {alias: old.id if name == young.id else name for alias, name in self._aliases.items()}
        self._aliases[young.id] = old.id
        if len(self._aliases) > MOST_ALIASES:
            del self._aliases[next(iter(self._aliases))]
        return old

    def named(self, name: str, time: float, half_life: float, without: Collection[str] = ()) -> list[KnownPerson]:
        """Those who have a name at a time."""
        return [
            person
            for person in self._people.values()
            if person.id not in without
            and (given := person.naming.given(time, half_life))[2] != NameSource.NONE
            and given[0] == name
        ]

    def forget(self, time: float, forget_after: float, most: int) -> None:
        """Forget those who have left so long ago, and the oldest of more than that many."""
        left = sorted((person for person in self._people.values() if person.left), key=lambda person: -person.time)
        for rank, person in enumerate(left):
            if rank >= most or time - person.time > forget_after:
                del self._people[person.id]
        self._aliases = {alias: name for alias, name in self._aliases.items() if name in self._people}
