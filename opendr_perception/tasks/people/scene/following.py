"""Memory of one camera: the person of each track, as far as it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.tasks.people.scene.clothes import Look
from opendr_perception.tasks.people.scene.joining import SeenPerson
from opendr_perception.tasks.people.scene.sight import Floats, Sight

UNLIKE = 0.5
"""Likeness to somebody's looks, below which a track may have gone over to somebody else."""
DOUBTS = 5
"""Images in a row in which that must be so."""
LEAP = 1.0
"""Diagonals of its box that a track moves from one image to the next, if its id was given to somebody else."""


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
        doubts: images in a row in which it looked like somebody else.
    """

    since: float
    time: float
    box: Floats
    person: str = ""
    images: int = 0
    looks: Look | None = None
    doubts: int = 0

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
