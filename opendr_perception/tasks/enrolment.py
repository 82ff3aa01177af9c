"""Make faces known: from pictures, from folders of pictures, and check that they can be told apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.tasks.camera import PinholeCamera
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_quality import TO_DECIDE, TO_ENROL
from opendr_perception.tasks.face_views import FaceEmbedder, head_poses, view
from opendr_perception.tasks.gallery import THRESHOLD, Gallery, GalleryError, GalleryFolder, check_name
from opendr_perception.tasks.image import Image, crop_resize, square
from opendr_perception.tasks.image_message import decode
from opendr_perception.zoo.cache import sha256_of

PICTURE_MARGIN = 2.0
"""Side of a picture that is kept over that of the face: little of what is around, enough to find the face again."""

LARGEST_PICTURE = 512
"""Side in pixels; larger faces are made smaller."""


@dataclass(frozen=True)
class Sample:
    """One good view of a person.

    Args:
        embedding: (128,) float32.
        picture: PNG of the face and a little around it.
    """

    embedding: np.ndarray
    picture: bytes


@dataclass(frozen=True)
class Pair:
    """Two samples of different people, or of one, and their distance."""

    first: str
    second: str
    distance: float


def fingerprint(name: str, session: Session) -> str:
    """What a gallery notes of the model that its embeddings were made with."""
    return f"{name} {sha256_of(session.path)[:16]}"


def default_gallery(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's gallery: below $XDG_DATA_HOME, else below ~/.local/share."""
    base = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "opendr_perception" / "gallery"


class Enroller:
    """Turns pictures into samples of a gallery.

    Args:
        detector: finds the faces.
        embedder: makes points of them.
    """

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self._detector = detector
        self._embedder = embedder

    def sample(self, image: Image, strict: bool = True) -> Sample:
        """The only face of a picture.

        Args:
            image: the picture.
            strict: whether it must be good enough to be enrolled, or only to be recognised.

        Raises:
            GalleryError: there is no face, more than one, or it cannot be seen well; the text says which.
        """
        [faces] = self._detector([image])
        if len(faces) != 1:
            raise GalleryError(f"there are {len(faces)} faces in it" if len(faces) else "there is no face in it")
        [pose] = head_poses(faces, PinholeCamera.assumed(image.width, image.height))
        found = view(image, faces, 0, pose)
        if problem := (TO_ENROL if strict else TO_DECIDE).problem(found.quality):
            raise GalleryError(problem)
        return Sample(self._embedder([found.aligned])[0], picture_of(image, faces.detections.boxes[0]))

    def samples(self, images: Sequence[Image]) -> list[Sample]:
        """The samples of several pictures of one person.

        Raises:
            GalleryError: one of them cannot be used; the text says which and why.
        """
        samples = []
        for number, image in enumerate(images, 1):
            try:
                samples.append(self.sample(image))
            except GalleryError as error:
                raise GalleryError(f"picture {number} of {len(images)} cannot be used: {error}") from error
        return samples

    def synchronise(self, folder: GalleryFolder, warn: Callable[[str], None], anew: bool = False) -> Gallery:
        """Bring a folder's file in agreement with its pictures: embed new ones, drop those that are gone.

        Args:
            folder: of the gallery.
            warn: told of every picture that cannot be used, and of a disk that cannot be written.
            anew: embed all pictures again, e.g. with another model.

        Raises:
            GalleryError: the file cannot be read, or was made with another model.
        """
        gallery = Gallery(folder.model) if anew else folder.read()
        pictures = folder.pictures()
        gone = set(gallery.pictures) - set(pictures)
        found: dict[str, list[tuple[str, np.ndarray]]] = {}
        for place in sorted(set(pictures) - set(gallery.pictures)):
            try:
                sample = self.sample(read_picture(folder.path / place), strict=False)
            except GalleryError as error:
                warn(f"{folder.path / place} is left out: {error}")
                continue
            found.setdefault(pictures[place], []).append((place, sample.embedding))
        if not (anew or gone or found):
            return gallery
        try:
            with folder.writing():  # embedding takes long: meanwhile others may have changed the file
                gallery = _updated(Gallery(folder.model) if anew else folder.read(), gone, found)
                folder.write(gallery)
        except GalleryError as error:
            warn(f"{error}; what was found is used, but not kept")
            gallery = _updated(gallery, gone, found)
        return gallery


def _updated(gallery: Gallery, gone: set[str], found: Mapping[str, Sequence[tuple[str, np.ndarray]]]) -> Gallery:
    gallery = gallery.without(gone)
    for name, samples in found.items():
        new = [(place, embedding) for place, embedding in samples if place not in gallery.pictures]
        if new:
            places, embeddings = zip(*new, strict=True)
            gallery = gallery.with_samples(name, places, np.stack(embeddings))
    return gallery


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
    check_name(name)
    if not samples:
        raise GalleryError("there is no picture to enrol from")
    embeddings = np.stack([sample.embedding for sample in samples])
    with folder.writing():
        gallery = folder.read()
        _check_person(gallery, name, embeddings, threshold or gallery.threshold)
        places = [folder.store_picture(name, sample.picture) for sample in samples]
        gallery = gallery.with_samples(name, places, embeddings)
        folder.write(gallery)
    return gallery


def _check_person(gallery: Gallery, name: str, embeddings: np.ndarray, threshold: float) -> None:
    for (first, a), (second, b) in combinations(enumerate(embeddings, 1), 2):
        if (distance := float(np.linalg.norm(a - b))) >= threshold:
            raise GalleryError(f"pictures {first} and {second} do not show one person (distance {distance:.2f})")
    own = gallery.samples(name)
    for embedding in embeddings:
        if len(own) and (distance := float(np.linalg.norm(own - embedding, axis=1).min())) >= threshold:
            raise GalleryError(f"'{name}' is enrolled already, with another face (distance {distance:.2f})")
        distances = gallery.distances(embedding)
        for person, distance in zip(gallery.people, distances.tolist(), strict=True):
            if person != name and distance < threshold:
                raise GalleryError(f"this face is enrolled already, as '{person}' (distance {distance:.2f})")


def picture_of(image: Image, box: np.ndarray) -> bytes:
    """A PNG of a face and a little around it."""
    around = square(box, PICTURE_MARGIN)
    side = max(1, min(LARGEST_PICTURE, round(around[2] - around[0])))
    return bytes(cv2.imencode(".png", crop_resize(image, around, (side, side), "bgr")[0])[1])


def read_picture(path: Path) -> Image:
    """Read a picture file.

    Raises:
        GalleryError: it is not there, or not a picture.
    """
    try:
        return decode(path.read_bytes())
    except (OSError, ValueError) as error:
        raise GalleryError(f"{path} is not a picture that can be read ({error})") from error


def closest_pairs(gallery: Gallery, count: int) -> list[Pair]:
    """The so many most similar pairs of different people, nearest first; of each two people their nearest samples."""
    pairs = []
    for place, name in enumerate(gallery.people[:-1]):
        others = np.min([gallery.distances(sample) for sample in gallery.samples(name)], axis=0)
        pairs += [
            Pair(name, other, float(distance))
            for other, distance in zip(gallery.people[place + 1 :], others[place + 1 :], strict=True)
        ]
    return sorted(pairs, key=lambda pair: pair.distance)[:count]


def farthest_own(gallery: Gallery) -> list[Pair]:
    """For each person with several samples, how far the one stands from the others that is farthest from them."""
    pairs = []
    for name in gallery.people:
        samples = gallery.samples(name)
        if len(samples) > 1:
            between = np.linalg.norm(samples[:, None] - samples[None], axis=2)
            np.fill_diagonal(between, np.inf)
            pairs.append(Pair(name, name, float(between.min(axis=1).max())))
    return sorted(pairs, key=lambda pair: -pair.distance)


def propose_threshold(gallery: Gallery) -> float:
    """A threshold for these people: amid views of one and views of two, and never above the measured default."""
    closest = closest_pairs(gallery, 1)
    if not closest:
        return THRESHOLD
    own = farthest_own(gallery)
    low = own[0].distance if own else 0.0
    return min(THRESHOLD, (low + closest[0].distance) / 2 if low < closest[0].distance else closest[0].distance)
