"""Make faces known: from images, from folders of images, and check that they can be told apart."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder, head_poses, view
from opendr_perception.tasks.face.gallery import Gallery, GalleryError, check_name
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.face.gallery_log import note
from opendr_perception.tasks.face.gallery_scan import OTHER_IMAGES
from opendr_perception.tasks.face.quality import TO_DECIDE, TO_ENROL
from opendr_perception.tasks.imaging import BadImageFile, Image, PinholeCamera, crop_resize, read_image, square
from opendr_perception.zoo.cache import sha256_of

IMAGE_MARGIN = 2.0
"""Side of an image that is kept over that of the face: little of what is around, enough to find the face again."""

SAME_FACE = 2 / 3
"""Of the threshold: who is nearer to somebody of another name is not enrolled. Farther ones may look alike."""

LARGEST_IMAGE = 512
"""Side in pixels; larger faces are made smaller."""

LARGEST_FILE = 64 << 20
"""Bytes of an image of a gallery."""


@dataclass(frozen=True)
class Sample:
    """One good view of a person.

    Args:
        embedding: (d,) float32.
        image: PNG of the face and a little around it.
    """

    embedding: np.ndarray
    image: bytes


def fingerprint(name: str, session: Session) -> str:
    """Fingerprint of the model that a gallery's embeddings were made with."""
    return f"{name} {sha256_of(session.path)[:16]}"


def default_gallery(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's gallery: below $XDG_DATA_HOME, else below ~/.local/share."""
    base = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "opendr_perception" / "gallery"


class Enroller:
    """Turns images into samples of a gallery.

    Args:
        detector: finds the faces.
        embedder: makes points of them.
    """

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self._detector = detector
        self._embedder = embedder

    def sample(self, image: Image, strict: bool = True) -> Sample:
        """The only face of an image.

        Args:
            image: the image.
            strict: whether it must be good enough to be enrolled, or only to be recognised.

        Raises:
            GalleryError: there is no face, more than one, or it cannot be seen well; the text says which.
        """
        [faces] = self._detector([image])
        if len(faces) != 1:
            raise GalleryError(f"there are {len(faces)} faces in it" if len(faces) else "there is no face in it")
        [pose] = head_poses(faces, PinholeCamera.assumed(image.width, image.height))
        found = view(image, faces, 0, pose, self._embedder.alignment)
        if problem := (TO_ENROL if strict else TO_DECIDE).problem(found.quality):
            raise GalleryError(problem)
        return Sample(self._embedder([found.aligned])[0], encode_sample(image, faces.detections.boxes[0]))

    def samples(self, images: Sequence[Image]) -> list[Sample]:
        """The samples of several images of one person.

        Raises:
            GalleryError: one of them cannot be used; the text says which and why.
        """
        samples = []
        for number, image in enumerate(images, 1):
            try:
                samples.append(self.sample(image))
            except GalleryError as error:
                raise GalleryError(f"image {number} of {len(images)} cannot be used: {error}") from error
        return samples

    def synchronise(self, folder: GalleryFolder, warn: Callable[[str], None], anew: bool = False) -> Gallery:
        """Bring a folder's file in agreement with its images: embed new and changed ones, drop those that are gone.

        Args:
            folder: of the gallery.
            warn: told of every image that is not taken, and of a disk that cannot be written.
            anew: embed all images again, e.g. with another model.

        Raises:
            GalleryError: the file cannot be read, or was made with another model.
        """
        folder.open(warn)
        gallery = Gallery(folder.model) if anew else folder.read()
        contents = folder.contents()
        for line in contents.skipped:
            warn(line)
        found = self._embed_changed(folder, gallery, contents.images, warn)
        if not anew and not found and set(gallery.images) <= set(contents.images):
            return gallery
        try:
            with folder.writing(warn):  # embedding takes long: meanwhile others may have changed the folder
                start = Gallery(folder.model) if anew else folder.read()
                gallery = _updated(start, folder.contents().images, found)
                _note(folder, start, gallery)
                folder.write(gallery)
        except (GalleryError, OSError) as error:
            warn(f"{error}; what was found is used, but not kept")
            gallery = _updated(gallery, contents.images, found)
        return gallery

    def _embed_changed(
        self, folder: GalleryFolder, gallery: Gallery, images: Mapping[str, str], warn: Callable[[str], None]
    ) -> dict[str, Found]:
        """Embed the images that the file does not know; results by their places."""
        known = dict(zip(gallery.images, gallery.digests, strict=True))
        found: dict[str, Found] = {}
        for place, name in images.items():
            try:
                content = read_file(folder.path / place)
                digest = hashlib.sha256(content).hexdigest()
                if known.get(place) == digest:
                    continue
                if place in known:  # whatever comes of it now, it is not what it was
                    found[place] = Found(name, digest, None)
                found[place] = Found(name, digest, self.sample(read_image(content), strict=False).embedding)
            except (GalleryError, BadImageFile) as error:
                warn(f"{folder.path / place} is left out: {error}")
        return found


@dataclass(frozen=True)
class Found:
    """Result of embedding an image of a gallery's folder.

    Args:
        name: of the person in whose folder it lies.
        digest: sha256 of its bytes.
        embedding: (d,) float32; None when it cannot be used.
    """

    name: str
    digest: str
    embedding: np.ndarray | None


def _updated(gallery: Gallery, images: Mapping[str, str], found: Mapping[str, Found]) -> Gallery:
    """A gallery of the images that are there, with what was found of them."""
    new = {place: sample for place, sample in found.items() if place in images}
    gallery = gallery.without((set(gallery.images) - set(images)) | set(new))
    for place, sample in new.items():
        if sample.embedding is not None:
            gallery = gallery.with_samples(sample.name, [place], sample.embedding, [sample.digest])
    return gallery


def _note(folder: GalleryFolder, before: Gallery, after: Gallery) -> None:
    for name in dict.fromkeys((*before.people, *after.people)):
        change = after.names.count(name) - before.names.count(name)
        if change:
            note(folder.path, "take in" if change > 0 else "drop", name, abs(change))


def enrol(folder: GalleryFolder, name: str, samples: Sequence[Sample], threshold: float | None = None) -> Gallery:
    """Add samples of one person to a gallery.

    Args:
        folder: of the gallery.
        name: of somebody new, or of somebody whom the samples resemble.
        samples: at least one.
        threshold: distance from which on two faces are two people; the gallery's own by default.

    Returns:
        The gallery with the samples.

    Raises:
        GalleryError: the name cannot be used, the samples show different people, the person is known by another name or
            the name belongs to another person, or the disk cannot be written.
    """
    name = check_name(name)
    if not samples:
        raise GalleryError("there is no image to enrol from")
    embeddings = np.stack([sample.embedding for sample in samples])
    with folder.writing():
        gallery = folder.read()
        _check_person(gallery, name, embeddings, threshold or gallery.threshold)
        first = time.time_ns()
        images = {f"{name}/{first + number}.png": sample.image for number, sample in enumerate(samples)}
        digests = [hashlib.sha256(content).hexdigest() for content in images.values()]
        gallery = gallery.with_samples(name, list(images), embeddings, digests)
        folder.add(gallery, name, images)
    return gallery


def _check_person(gallery: Gallery, name: str, embeddings: np.ndarray, threshold: float) -> None:
    for (first, a), (second, b) in combinations(enumerate(embeddings, 1), 2):
        if (distance := float(np.linalg.norm(a - b))) >= threshold:
            raise GalleryError(f"images {first} and {second} do not show one person (distance {distance:.2f})")
    own = gallery.samples(name)
    for embedding in embeddings:
        if len(own) and (distance := float(np.linalg.norm(own - embedding, axis=1).min())) >= threshold:
            raise GalleryError(f"'{name}' is enrolled already, with another face (distance {distance:.2f})")
        distances = gallery.distances(embedding)
        for person, distance in zip(gallery.people, distances.tolist(), strict=True):
            if person != name and distance < SAME_FACE * threshold:
                raise GalleryError(f"this face is enrolled already, as '{person}' (distance {distance:.2f})")


def encode_sample(image: Image, box: np.ndarray) -> bytes:
    """A PNG of a face and a little around it."""
    around = square(box, IMAGE_MARGIN)
    side = max(1, min(LARGEST_IMAGE, round(around[2] - around[0])))
    return bytes(cv2.imencode(".png", crop_resize(image, around, (side, side), "bgr")[0])[1])


def read_sample(path: Path) -> Image:
    """Read an image file.

    Raises:
        GalleryError: it is not there, or not an image; the text names it.
    """
    try:
        return read_image(path)
    except BadImageFile as error:
        remedy = "; convert it to JPEG or PNG" if path.suffix.lower() in OTHER_IMAGES else ""
        raise GalleryError(f"{error}{remedy}") from error


def read_file(path: Path) -> bytes:
    """The bytes of a plain file of a gallery; no link is followed, and nothing that never ends is read.

    Raises:
        GalleryError: it is no plain file, too large, or cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
                raise GalleryError(f"it is no plain file of at most {LARGEST_FILE >> 20} MB")
            return file.read(LARGEST_FILE)
    except OSError as error:
        raise GalleryError(f"it cannot be read ({error.strerror})") from error
