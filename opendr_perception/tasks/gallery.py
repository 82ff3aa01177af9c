"""The faces that are known: a folder of pictures for each person, and one file with what the embedder says of them.

    gallery/
      Ann/first.png ...     pictures, as users keep them
      embeddings.npz        format version, model, metric, threshold; names, pictures and embeddings

The file is replaced as a whole, and pictures get their names when they are complete, so that whatever is found after
a crash can be read: pictures without an embedding are embedded, embeddings without a picture are dropped.
"""

from __future__ import annotations

import fcntl
import io
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote

import numpy as np

from opendr_perception.files import write_bytes
from opendr_perception.tasks.face_views import DIMENSIONS

VERSION = 1
FILE = "embeddings.npz"
METRIC = "euclidean"

THRESHOLD = 0.47
"""Distance from which on two faces are two people. dlib's customary 0.6 takes different people for one."""

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
LOCK_WAIT = 5.0
"""Seconds to wait while another process changes the gallery."""

NAME = re.compile(r"\w([\w .'-]{0,62}\w)?")
"""What people may be called: also the name of a folder, whatever is typed."""

_FORGOTTEN = ".forgotten"


class GalleryError(RuntimeError):
    """The gallery cannot be read or changed; the text says why in one line."""


@dataclass(frozen=True)
class Gallery:
    """What is known of faces at one moment; never changed, only replaced.

    Args:
        model: what made the embeddings, see `fingerprint`.
        threshold: distance from which on two faces are two people.
        names: of the person, for each sample; samples of one person stand together.
        pictures: for each sample, below the gallery's folder.
        embeddings: (n, 128) float32.
    """

    model: str
    threshold: float = THRESHOLD
    names: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    embeddings: np.ndarray = field(default_factory=lambda: np.empty((0, DIMENSIONS), np.float32))

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.pictures) == len(self.embeddings) or self.embeddings.shape[1:] != (
            DIMENSIONS,
        ):
            raise ValueError("names, pictures and embeddings do not belong together")
        if not (np.isfinite(self.embeddings).all() and 0 < self.threshold < np.inf):
            raise ValueError("embeddings and threshold must be finite")
        starts = [k for k, name in enumerate(self.names) if k == 0 or name != self.names[k - 1]]
        object.__setattr__(self, "people", tuple(self.names[k] for k in starts))
        object.__setattr__(self, "_starts", np.array(starts, np.intp))
        object.__setattr__(self, "_squares", np.einsum("nd,nd->n", self.embeddings, self.embeddings))

    people: tuple[str, ...] = field(init=False, compare=False)
    """The name of each person, once."""
    _starts: np.ndarray = field(init=False, compare=False, repr=False)
    _squares: np.ndarray = field(init=False, compare=False, repr=False)

    def distances(self, embedding: np.ndarray) -> np.ndarray:
        """Distance (p,) of an embedding (128,) to the nearest sample of each of `people`."""
        if not self.people:
            return np.empty(0, np.float32)
        squares = self._squares - 2 * (self.embeddings @ embedding) + embedding @ embedding
        nearest = squares if len(self.people) == len(squares) else np.minimum.reduceat(squares, self._starts)
        return np.sqrt(np.maximum(nearest, 0))

    def samples(self, name: str) -> np.ndarray:
        """Embeddings (n, 128) of one person."""
        return self.embeddings[[k for k, owner in enumerate(self.names) if owner == name]]

    def with_samples(self, name: str, pictures: Sequence[str], embeddings: np.ndarray) -> Gallery:
        """A gallery with more samples of a person."""
        names = [*self.names, *[name] * len(pictures)]
        order = sorted(range(len(names)), key=names.__getitem__)  # stable
        every = [*self.pictures, *pictures]
        return replace(
            self,
            names=tuple(names[k] for k in order),
            pictures=tuple(every[k] for k in order),
            embeddings=np.concatenate([self.embeddings, embeddings.reshape(-1, DIMENSIONS)])[order].astype(np.float32),
        )

    def without(self, pictures: set[str]) -> Gallery:
        """A gallery without some samples."""
        kept = [k for k, picture in enumerate(self.pictures) if picture not in pictures]
        return replace(
            self,
            names=tuple(self.names[k] for k in kept),
            pictures=tuple(self.pictures[k] for k in kept),
            embeddings=self.embeddings[kept],
        )


class GalleryFolder:
    """A gallery on disk.

    Args:
        path: of the folder; it is made when somebody is enrolled.
        model: what makes embeddings, see `fingerprint`.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path = path
        self.model = model

    def read(self) -> Gallery:
        """What the folder's file says; an empty gallery when there is none.

        Raises:
            GalleryError: it cannot be read, or was made with another model.
        """
        file = self.path / FILE
        try:
            gallery = _parse(file.read_bytes())
        except FileNotFoundError:
            return Gallery(self.model)
        except OSError as error:
            raise GalleryError(f"{file} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise GalleryError(f"{file} cannot be read ({error}); run: {self._rebuild}") from error
        if gallery.model != self.model:
            raise GalleryError(f"{file} was made with {gallery.model}, not {self.model}; run: {self._rebuild}")
        return gallery

    def stamp(self) -> tuple[int, int]:
        """What changes whenever the file is replaced."""
        try:
            status = (self.path / FILE).stat()
        except OSError:
            return (0, 0)
        return status.st_ino, status.st_mtime_ns

    def pictures(self) -> dict[str, str]:
        """The person of every picture in the folder, by its path below it."""
        if not self.path.is_dir():
            return {}
        files = (file for folder in sorted(self.path.iterdir()) if folder.is_dir() for file in sorted(folder.iterdir()))
        return {
            f"{file.parent.name}/{file.name}": file.parent.name
            for file in files
            if file.suffix.lower() in PICTURES and not file.name.startswith(".") and is_name(file.parent.name)
        }

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who changes the folder. What a killed process wanted to forget is forgotten first.

        Raises:
            GalleryError: another process is at it for long, or the disk cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / ".lock").open("w") as lock:
                _acquire(lock.fileno(), self.path)
                for forgotten in self.path.glob(f"{_FORGOTTEN}*"):
                    shutil.rmtree(forgotten)
                yield
        except OSError as error:
            raise GalleryError(f"{self.path} cannot be changed: {error.strerror or error}") from error

    def write(self, gallery: Gallery) -> None:
        """Replace the folder's file. Only within `writing`."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            version=VERSION,
            model=gallery.model,
            metric=METRIC,
            threshold=gallery.threshold,
            names=np.array(gallery.names, np.str_),
            pictures=np.array(gallery.pictures, np.str_),
            embeddings=gallery.embeddings,
        )
        write_bytes(self.path / FILE, buffer.getvalue())

    def store_picture(self, name: str, png: bytes) -> str:
        """Keep a picture of a person, and return its path below the folder. Only within `writing`."""
        place = f"{check_name(name)}/{time.time_ns()}.png"
        write_bytes(self.path / place, png)
        return place

    def forget(self, name: str) -> Gallery:
        """Delete all pictures and embeddings of a person, and return what is left.

        Raises:
            GalleryError: there is nobody of that name, or the disk cannot be written.
        """
        check_name(name)
        with self.writing():
            gallery = self.read()
            folder = self.path / name
            if name not in gallery.people and not folder.is_dir():
                raise GalleryError(f"nobody is enrolled as '{name}'")
            hidden = self.path / f"{_FORGOTTEN}-{time.time_ns()}"
            if folder.is_dir():  # out of sight at once, so that a crash cannot bring the person back
                folder.rename(hidden)
            gone = {picture for picture, owner in zip(gallery.pictures, gallery.names, strict=True) if owner == name}
            gallery = gallery.without(gone)
            self.write(gallery)
            if hidden.is_dir():
                shutil.rmtree(hidden)
        return gallery

    @property
    def _rebuild(self) -> str:
        embedder = self.model.split()[0]
        return f"opendr-perception gallery rebuild --gallery {quote(str(self.path))} --embedder {quote(embedder)}"


def is_name(name: str) -> bool:
    """Whether a person may be called so."""
    return NAME.fullmatch(name) is not None and len(name.encode()) <= 200


def check_name(name: str) -> str:
    """Return the name.

    Raises:
        GalleryError: nobody may be called so.
    """
    if not is_name(name):
        shown = name if len(name) <= 40 else f"{name[:40]}..."
        raise GalleryError(
            f"{shown!r} cannot be a name: 1 to 64 letters, digits, spaces, or any of _ . ' - in between are needed"
        )
    return name


def _parse(content: bytes) -> Gallery:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        if int(file["version"]) != VERSION:
            raise ValueError(f"format {file['version']} instead of {VERSION}")
        if str(file["metric"]) != METRIC:
            raise ValueError(f"metric {file['metric']} instead of {METRIC}")
        return Gallery(
            str(file["model"]),
            float(file["threshold"]),
            tuple(map(str, file["names"])),
            tuple(map(str, file["pictures"])),
            np.asarray(file["embeddings"], np.float32),
        )


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise GalleryError(f"another process is changing {path}; try again when it is done") from None
            time.sleep(0.05)
