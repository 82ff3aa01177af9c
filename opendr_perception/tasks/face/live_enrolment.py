"""A gallery in use, and how somebody becomes known to it while cameras run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opendr_perception.tasks.face.embedding import AlignedFace, FaceEmbedder, view
from opendr_perception.tasks.face.enrolment import Enroller, Sample, encode_sample, enrol
from opendr_perception.tasks.face.formats import OWN, Alignment
from opendr_perception.tasks.face.gallery import Gallery, GalleryError
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.face.identity import TrackedFaces
from opendr_perception.tasks.face.quality import TO_ENROL
from opendr_perception.tasks.imaging import Image


@dataclass(frozen=True)
class _Found:
    view: AlignedFace
    image: bytes


class LiveEnrolment:
    """Takes views in one thread while another waits for them.

    Args:
        track: of the face; '' for the only one in view.
        wanted: number of views.
        alignment: of the embedder.
    """

    def __init__(self, track: str, wanted: int, alignment: Alignment = OWN) -> None:
        self._alignment = alignment
        self._track = track
        self._wanted = wanted
        self._found: list[_Found] = []
        self._obstacle = "no image has come"
        self._failure = ""
        self._over = threading.Event()

    def offer(self, seen: TrackedFaces) -> None:
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
        found = view(seen.image, seen.faces, place, seen.poses[place], self._alignment)
        self._obstacle = TO_ENROL.problem(found.quality)
        if not self._obstacle:
            self._found.append(_Found(found, encode_sample(seen.image, seen.faces.detections.boxes[place])))
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
        return [Sample(e, found.image) for e, found in zip(embeddings, self._found, strict=True)]


class KnownFaces:
    """A gallery in use: what is known at this moment, and views for whoever is to become known.

    Args:
        folder: of the gallery.
        gallery: what is in it.
        enroller: makes samples of images.
        embedder: turns faces into embeddings.
    """

    def __init__(self, folder: GalleryFolder, gallery: Gallery, enroller: Enroller, embedder: FaceEmbedder) -> None:
        self._folder = folder
        self._gallery = gallery
        self._enroller = enroller
        self._embedder = embedder
        self._stamp = folder.stamp()
        self._live: LiveEnrolment | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def gallery(self) -> Gallery:
        """Current gallery."""
        return self._gallery

    def refresh(self) -> None:
        """Take over what another process has changed.

        Raises:
            GalleryError: it cannot be read; what was known stays known.
        """
        stamp = self._folder.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._gallery = self._folder.read()

    def offer(self, seen: TrackedFaces) -> None:
        """Show the faces of a frame to whoever waits for good views."""
        live = self._live
        if live is not None:
            live.offer(seen)

    def interrupt(self, reason: str) -> None:
        """Let nobody wait for views any more."""
        live = self._live
        if live is not None:
            live.fail(reason)

    def samples(self, images: Sequence[Image]) -> list[Sample]:
        """The samples of several images of one person.

        Raises:
            GalleryError: one of them cannot be used.
        """
        return self._enroller.samples(images)

    def take_live(self, track: str, wanted: int, timeout: float) -> list[Sample]:
        """Wait for good views of a face that the cameras see.

        Args:
            track: of the face; '' for the only one in view.
            wanted: number of views.
            timeout: seconds.

        Raises:
            GalleryError: they do not come, or somebody else waits.
        """
        if not self._one_at_a_time.acquire(blocking=False):
            raise GalleryError("another face is being enrolled; try again when that is done")
        try:
            live = self._live = LiveEnrolment(track, wanted, self._embedder.alignment)
            return live.wait(timeout, self._embedder)
        finally:
            self._live = None
            self._one_at_a_time.release()

    def enrol(self, name: str, samples: Sequence[Sample]) -> int:
        """Make somebody known; the number of their samples from now on.

        Raises:
            GalleryError: the gallery cannot be written.
        """
        self._gallery = enrol(self._folder, name, samples)
        return self._gallery.names.count(name)

    def forget(self, name: str, note: Callable[[str], None]) -> None:
        """Delete what is known of somebody; `note` is told what is left.

        Raises:
            GalleryError: nobody of this name is known, or the gallery cannot be written.
        """
        self._gallery = self._folder.forget(name, note)
