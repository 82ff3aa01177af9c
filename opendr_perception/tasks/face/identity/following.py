"""Say who the tracked faces of a stream are, from what several frames have shown of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.tasks.face.detection import Faces
from opendr_perception.tasks.face.embedding import AlignedFace, FaceEmbedder, view
from opendr_perception.tasks.face.gallery import Gallery
from opendr_perception.tasks.face.identity.decision import Compared, compare, relative, thresholds, who
from opendr_perception.tasks.face.quality import TO_DECIDE
from opendr_perception.tasks.imaging import Image

VIEWS = 7
"""The newest so many good views of a track decide together."""

FEWEST = 3
"""Views without which nobody gets a name: the median of three stands one that is wrong."""

SETTLED_KNOWN, SETTLED_UNKNOWN = 15, 5
"""Frames from one look to the next at a face about which all views agree."""

AT_ONCE = 8
"""Faces that are embedded in one frame at most; others wait for the next."""


@dataclass(frozen=True)
class TrackedFaces:
    """The tracked faces of one frame of a stream.

    Args:
        image: of the frame.
        faces: in it.
        poses: (n, 3) yaw, pitch, roll of their heads, rad.
        tracks: of the faces; '' for those that have none, who get no name.
        alive: tracks that may still come back; others are forgotten.
    """

    image: Image
    faces: Faces
    poses: np.ndarray
    tracks: Sequence[str]
    alive: frozenset[str]


@dataclass(frozen=True)
class Identity:
    """Identity of a face.

    Args:
        name: '' is unknown.
        distance: to this person, or to the nearest one; NaN when there is none, or nothing is known of the face yet.
        confidence: 1 - distance / threshold (FRC) with the threshold of this person for this face, which is smaller
            where others are near (`decision`); negative beyond the threshold.
    """

    name: str = ""
    distance: float = np.nan
    confidence: float = np.nan


@dataclass
class Evidence:
    """Evidence of one track: the embeddings of its good views, and their joint decision."""

    embeddings: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=VIEWS))
    seen: Compared = field(default_factory=Compared)
    name: str = ""
    next_look: int = 0


@dataclass
class IdentityMemory:
    """Memory of one stream: its tracks, and the gallery that they were compared with."""

    gallery: Gallery | None = None
    frame: int = 0
    tracks: dict[str, Evidence] = field(default_factory=dict)


class FaceIdentifier:
    """Names tracked faces by a gallery.

    Args:
        embedder: computes embeddings of faces.
    """

    def __init__(self, embedder: FaceEmbedder) -> None:
        self._embedder = embedder

    def __call__(
        self, memory: IdentityMemory, gallery: Gallery, threshold: float, seen: TrackedFaces
    ) -> list[Identity]:
        """Look at the faces of the next frame of a stream, and say who each is.

        Args:
            memory: what is kept of the stream.
            gallery: of known faces; another one than last time is compared with all that was seen.
            threshold: distance from which on two faces are two people, where no other person is near.
            seen: the frame.
        """
        memory.frame += 1
        memory.tracks = {name: memory.tracks[name] for name in memory.tracks if name in seen.alive}
        if memory.gallery is not gallery:
            memory.gallery = gallery
            for evidence in memory.tracks.values():
                evidence.seen = compare(gallery, evidence.embeddings)
        present = {track: memory.tracks.setdefault(track, Evidence()) for track in seen.tracks if track}
        self._look(memory, gallery, threshold, seen)
        claims = [
            relative(gallery, e.seen if len(e.embeddings) >= FEWEST else Compared(), threshold)
            for e in present.values()
        ]
        people = dict(zip(present, assign(claims), strict=True))
        for track, evidence in present.items():
            evidence.name = gallery.people[people[track]] if people[track] >= 0 else ""
        return [
            _identity(gallery, threshold, present[track].seen, people[track]) if track else Identity()
            for track in seen.tracks
        ]

    def _look(self, memory: IdentityMemory, gallery: Gallery, threshold: float, seen: TrackedFaces) -> None:
        """Embed, in one batch, the faces that are due and can be seen well."""
        tracks = memory.tracks
        due = [k for k, track in enumerate(seen.tracks) if track and tracks[track].next_look <= memory.frame]
        due.sort(key=lambda k: tracks[seen.tracks[k]].next_look)
        good: list[tuple[Evidence, AlignedFace]] = []
        for k in due[:AT_ONCE]:
            found = view(seen.image, seen.faces, k, seen.poses[k], self._embedder.alignment)
            evidence = tracks[seen.tracks[k]]
            evidence.next_look = memory.frame + 1
            if not TO_DECIDE.problem(found.quality):
                good.append((evidence, found))
        embeddings = self._embedder([found.aligned for _, found in good])
        for (evidence, _), embedding in zip(good, embeddings, strict=True):
            evidence.embeddings.append(embedding)
            evidence.seen = compare(gallery, evidence.embeddings)
            newest = compare(gallery, [embedding])
            agrees = who(gallery, newest, threshold) == who(gallery, evidence.seen, threshold)
            if agrees and len(evidence.embeddings) == VIEWS:
                evidence.next_look = memory.frame + (SETTLED_KNOWN if evidence.name else SETTLED_UNKNOWN)


def assign(distances: Sequence[np.ndarray]) -> list[int]:
    """Give each face at most one person, and each person at most one face: the strongest claim first.

    Args:
        distances: for each face, to each person (p,), in units of the threshold, so that claims of 1 and more do not
            count; empty for one that claims nobody.

    Returns:
        For each face the place of its person, -1 for none.
    """
    claims = sorted(
        (float(to_people[person]), face, int(person))
        for face, to_people in enumerate(distances)
        for person in np.flatnonzero(to_people < 1)
    )
    people = [-1] * len(distances)
    for _, face, person in claims:
        if people[face] < 0 and person not in people:
            people[face] = person
    return people


def _identity(gallery: Gallery, threshold: float, seen: Compared, person: int) -> Identity:
    if not len(seen.distances):
        return Identity()
    meant = person if person >= 0 else int(np.argmin(seen.distances))
    distance, limit = float(seen.distances[meant]), float(thresholds(gallery, seen, threshold)[meant])
    return Identity(gallery.people[person] if person >= 0 else "", distance, 1 - distance / limit)
