"""One person on two cameras, by the place: who is where another camera sees somebody just now, and who cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from opendr_perception.tasks.fusion.clothes import Look
from opendr_perception.tasks.fusion.following import UNLIKE, Followed
from opendr_perception.tasks.fusion.known import KnownPerson, Whereabouts
from opendr_perception.tasks.fusion.sight import Floats

SAME_PLACE = 0.8
"""Metres between two places, seen by two cameras, that can be of one person."""
AHEAD = 0.05
"""Likeness by which somebody else may be ahead of who is at the place."""
JUST_SEEN = 0.5
"""Seconds for which a place holds."""
IMAGES = 5
"""Images in a row in which somebody must be in two places, to be two."""
TOGETHER = 8
"""Images in a row in which two must be at one place, before one camera each, to be one,"""
ALIKE = 0.6
"""and likeness of their clothes, which two cameras see from two sides; so much is asked, too, before a face
that goes on tells who a new body is, since tracks of faces jump to others."""


def distance(known: KnownPerson, here: Floats, frame: str) -> float:
    """Metres over the floor between somebody and a place; between the two if nothing is known."""
    if known.motion is None or known.motion.frame != frame:
        return 1.5 * SAME_PLACE
    return float(np.linalg.norm((known.motion.mean[:3] - here)[:2]))


def by_place(
    look: Look | None, here: Floats, frame: str, free: Sequence[KnownPerson], others: Sequence[KnownPerson]
) -> KnownPerson | None:
    """The one whom another camera sees at a place; None where that is nobody, several, or clothes say another one.

    Args:
        look: of who is there; None unknown.
        here: where they are, m.
        frame: in which.
        free: whom only other cameras see just now.
        others: who else is known and not in this image.
    """
    near = [known for known in free if distance(known, here, frame) < SAME_PLACE]
    if len(near) != 1:
        return None
    if look is None:
        return near[0]
    like = near[0].wardrobe.likeness(look)
    if near[0].wardrobe.views and like < UNLIKE:
        return None
    rival = max((one.wardrobe.likeness(look) for one in (*free, *others) if one is not near[0]), default=0.0)
    return near[0] if rival <= like + AHEAD else None


def in_two_places(known: KnownPerson, followed: Followed, camera: str, here: Whereabouts) -> bool:
    """True if somebody is seen far away by another camera for so long that this track, the newer one, is not theirs.

    Args:
        known: whose the track is until now.
        followed: the track.
        camera: that sees it.
        here: where it is.
    """
    others = [place for name, place in known.places.items() if name != camera and place.frame == here.frame]
    far = [
        place
        for place in others
        if here.time - place.time <= JUST_SEEN
        and float(np.linalg.norm((place.point - here.point)[:2])) > 2 * SAME_PLACE
    ]
    followed.far = followed.far + 1 if far else 0
    return followed.far >= IMAGES and all(here.since >= place.since for place in far)


def elsewhere(known: KnownPerson, camera: str, everybody: Iterable[KnownPerson], time: float) -> list[KnownPerson]:
    """Those whom only other cameras see just now, and who could be somebody whom this one sees: not both had a name."""

    def seen_by(one: KnownPerson) -> set[str]:
        return {name for name, last in one.cameras.items() if time - last <= JUST_SEEN}

    here = seen_by(known) | {camera}
    return [
        other
        for other in everybody
        if other is not known and (there := seen_by(other)) and not there & here and "" in (known.told, other.told)
    ]


def one_after_all(followed: Followed, here: Floats, frame: str, others: Iterable[KnownPerson]) -> KnownPerson | None:
    """The other id of somebody who has two, as from the border of an image: another camera has long seen it here.

    Args:
        followed: the track of a body, just seen.
        here: where it is, m.
        frame: in which.
        others: who could be the same.
    """
    look = followed.last
    there = [
        other
        for other in others
        if look is not None and other.wardrobe.likeness(look) >= ALIKE and distance(other, here, frame) < SAME_PLACE
    ]
    other = there[0] if len(there) == 1 else None
    if other is None or followed.beside != other.id:
        followed.beside, followed.together = "" if other is None else other.id, 0
    followed.together += 1
    return other if followed.together >= TOGETHER else None
