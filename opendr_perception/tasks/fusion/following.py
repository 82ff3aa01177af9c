"""Memory of one camera: the person of each track, as far as it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.tasks.fusion.clothes import Look
from opendr_perception.tasks.fusion.joining import SeenPerson
from opendr_perception.tasks.fusion.sight import Floats, Sight

UNLIKE = 0.5
"""Likeness to somebody's looks, below which a track may have gone over to somebody else."""
STEADY = 0.8
"""Likeness of two looks in a row, below which somebody else may be seen."""
UNSEEN = 0.35
"""Seconds without a look, as behind somebody, after which it may be another one who comes out."""
LEAP = 1.0
"""Diagonals of its box that a track moves from one image to the next, if its id was given to somebody else."""


@dataclass(frozen=True)
class Trial:
    """Comparison of a track with its owner and with others whom it could be of, over some images.

    Args:
        since: when it began, s.
        images: so many.
        own: sum of the likenesses to the owner.
        others: sums of those to others, by their ids; of who was among them in all images.
        looks: sum of the looks (640,).
    """

    since: float
    images: int = 0
    own: float = 0.0
    others: Mapping[str, float] = field(default_factory=dict)
    looks: Look | None = None

    def see(self, look: Look, own: float, others: Mapping[str, float]) -> Trial:
        """Take note of the likenesses in the next image."""
        if self.looks is None:
            return Trial(self.since, 1, own, others, look)
        both = self.others.keys() & others.keys()
        sums = {one: self.others[one] + others[one] for one in both}
        return Trial(self.since, self.images + 1, self.own + own, sums, self.looks + look)


@dataclass
class Followed:
    """One track, of a body or a face.

    Args:
        since: when it was seen first, s.
        time: when it was seen last, s.
        box: where it was then.
        person: whose it is; '' while that is not known.
        images: in which it was seen.
        looks: sum of the looks (640,) in those in which clothes were seen well; None before the first.
        last: the last look; None before the first.
        shown: when that was, s.
        changed: whether it was another one than before, or was not seen for a moment before.
        trial: while it is doubted that it is still of the same person; None while it is not.
        not_of: id of the person whose it is no more; '' nobody's.
        far: images in a row in which another camera saw its person elsewhere.
        beside: id of the one whom another camera sees at its place; '' nobody.
        together: images in a row in which that was so.
    """

    since: float
    time: float
    box: Floats
    person: str = ""
    images: int = 0
    looks: Look | None = None
    last: Look | None = None
    shown: float = -math.inf
    changed: bool = False
    trial: Trial | None = None
    not_of: str = ""
    far: int = 0
    beside: str = ""
    together: int = 0

    @property
    def look(self) -> Look | None:
        """The mean look, of unit length."""
        if self.looks is None:
            return None
        return np.asarray(self.looks / max(float(np.linalg.norm(self.looks)), 1e-6), np.float32)

    def leaps_to(self, box: Floats) -> bool:
        """True if a box is too far away to be of the same."""
        middle, before = (box[:2] + box[2:]) / 2, (self.box[:2] + self.box[2:]) / 2
        diagonal = max(float(np.linalg.norm(self.box[2:] - self.box[:2])), 1.0)
        return bool(np.linalg.norm(middle - before) > LEAP * diagonal)


@dataclass
class CameraMemory:
    """Memory of one stream.

    Args:
        tracks: of bodies ('b' and their ids) and faces ('f' and theirs).
        faces: the face's id of each body's id, as they were joined last.
        stamp: of the last image, s.
    """

    tracks: dict[str, Followed] = field(default_factory=dict)
    faces: dict[str, str] = field(default_factory=dict)
    stamp: float = -math.inf

    def follow(self, key: str, box: Floats, look: Look | None, time: float) -> Followed:
        """Take note of a track in the next image."""
        followed = self.tracks.get(key)
        if followed is None:
            followed = self.tracks[key] = Followed(time, time, box)
        followed.time, followed.box = time, box
        followed.images += 1
        if look is not None:
            followed.looks = look.copy() if followed.looks is None else followed.looks + look
            steady = followed.last is not None and float(followed.last @ look) >= STEADY
            followed.changed = not steady or time - followed.shown > UNSEEN
            followed.last, followed.shown = look, time
        return followed

    def forget(self, time: float, lost_after: float, alive: Sequence[SeenPerson]) -> None:
        """Give up tracks that were not seen for so long: their ids may be given to others."""
        self.tracks = {key: one for key, one in self.tracks.items() if 0 <= time - one.time <= lost_after}
        joined = {one.body: one.face.track for one in alive if one.body and one.face is not None and one.face.track}
        self.faces = {body: face for body, face in (self.faces | joined).items() if f"b{body}" in self.tracks}


@dataclass(frozen=True, eq=False)
class SceneInstant:
    """One image that is looked at: what is in it, when, and by which clock.

    Args:
        sight: the image.
        memory: of its camera.
        stamp: by the camera's clock, s.
        time: common to all cameras, s.
    """

    sight: Sight
    memory: CameraMemory
    stamp: float
    time: float


def keys_of(seen: SeenPerson) -> list[str]:
    """The names of somebody's tracks: of the body, then of the face."""
    body = [f"b{seen.body}"] if seen.body else []
    return body + ([f"f{seen.face.track}"] if seen.face is not None and seen.face.track else [])
