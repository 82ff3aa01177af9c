"""Recognises aligned faces by the gallery that the node `face_recognition` keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from opendr_perception.active.perception.observation import Recognition
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face import (
    Compared,
    FaceEmbedder,
    Gallery,
    GalleryFolder,
    compare,
    default_gallery,
    fingerprint,
    relative,
)
from opendr_perception.tasks.imaging import Pixels


class GalleryRecogniser:
    """Recognises by the nearest sample of a gallery, which is read again when it has changed.

    Args:
        embedder: turns aligned faces into points.
        folder: of the gallery.

    Attributes:
        alignment: of the faces that it recognises.
    """

    def __init__(self, embedder: FaceEmbedder, folder: GalleryFolder) -> None:
        self._embedder, self._folder = embedder, folder
        self.alignment = embedder.alignment
        self._stamp: tuple[int, int, int] | None = None
        self._gallery = Gallery(folder.model)

    @classmethod
    def open(cls, name: str, session: Session, gallery: str) -> GalleryRecogniser:
        """Recognise by the gallery of a folder, or, if that is empty, by the user's own.

        Args:
            name: of the embedder, as `face_recognition` is told it.
            session: the embedder.
            gallery: the folder.

        Raises:
            GalleryError: the gallery cannot be read, or was made with another embedder.
        """
        path = Path(gallery).expanduser() if gallery else default_gallery()
        embedder = FaceEmbedder(session)
        recogniser = cls(embedder, GalleryFolder(path, fingerprint(name, session), embedder.dimensions))
        recogniser._refresh()
        return recogniser

    def __call__(self, crops: Sequence[Pixels]) -> list[Recognition]:
        """Recognise faces (S, S, 3) uint8 RGB, in the alignment of the embedder.

        Raises:
            GalleryError: the gallery cannot be read.
        """
        self._refresh()
        return recognise(self._gallery, self._embedder(crops))

    def _refresh(self) -> None:
        if (stamp := self._folder.stamp()) != self._stamp:
            self._gallery, self._stamp = self._folder.read(), stamp


def recognise(gallery: Gallery, embeddings: np.ndarray) -> list[Recognition]:
    """Recognise faces by the nearest sample of a gallery to each of their embeddings (n, d)."""
    return [judge(gallery, compare(gallery, [embedding])) for embedding in embeddings]


def judge(gallery: Gallery, seen: Compared) -> Recognition:
    """Decide who a face is, as `face_recognition` decides it."""
    to_people = relative(gallery, seen, gallery.threshold).tolist()
    distances = dict(zip(gallery.people, (seen.distances / gallery.threshold).tolist(), strict=True))
    confidences = {name: 1 - distance for name, distance in zip(gallery.people, to_people, strict=True)}
    name = max(confidences, key=confidences.__getitem__, default="")
    return Recognition(name, confidences.get(name, math.nan), distances, confidences)
