"""Collect the next good views of one face from running cameras."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from opendr_perception.tasks.face.embedding import FaceEmbedder, View, view
from opendr_perception.tasks.face.enrolment import Sample, picture_of
from opendr_perception.tasks.face.gallery import GalleryError
from opendr_perception.tasks.face.identity import Sighting
from opendr_perception.tasks.face.quality import TO_ENROL


@dataclass(frozen=True)
class _Found:
    view: View
    picture: bytes


class LiveEnrolment:
    """Takes views in one thread while another waits for them.

    Args:
        track: of the face; '' for the only one in view.
        wanted: number of views.
    """

    def __init__(self, track: str, wanted: int) -> None:
        self._track = track
        self._wanted = wanted
        self._found: list[_Found] = []
        self._obstacle = "no image has come"
        self._failure = ""
        self._over = threading.Event()

    def offer(self, seen: Sighting) -> None:
        """Take the face from a frame if it is there and can be seen well."""
        if self._over.is_set():
            return
        if not self._track and len(seen.tracks) > 1:
            self.fail(f"there are {len(seen.tracks)} faces in view: say by track_id which one is meant")
            return
        if not self._track and seen.tracks:
            self._track = seen.tracks[0]
        if not self._track or self._track not in seen.tracks:
            self._obstacle = f"track {self._track} is not in view" if self._track else "no tracked face is in view"
            return
        place = seen.tracks.index(self._track)
        found = view(seen.image, seen.faces, place, seen.poses[place])
        self._obstacle = TO_ENROL.problem(found.quality)
        if not self._obstacle:
            self._found.append(_Found(found, picture_of(seen.image, seen.faces.detections.boxes[place])))
            if len(self._found) == self._wanted:
                self._over.set()

    def fail(self, reason: str) -> None:
        """Give up."""
        self._failure = reason
        self._over.set()

    def wait(self, timeout: float, embedder: FaceEmbedder) -> list[Sample]:
        """The samples, once there are enough.

        Raises:
            GalleryError: there are not within `timeout` seconds, or it was given up; the text says why.
        """
        if not self._over.wait(timeout):
            self.fail(
                f"only {len(self._found)} of {self._wanted} good views came within {timeout:g} s; the last image: "
                f"{self._obstacle or 'good'}"
            )
        if self._failure:
            raise GalleryError(self._failure)
        embeddings = embedder([found.view.aligned for found in self._found])
        return [Sample(e, found.picture) for e, found in zip(embeddings, self._found, strict=True)]
