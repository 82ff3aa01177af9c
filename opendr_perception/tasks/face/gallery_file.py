"""The file of a gallery: format version, model, metric, threshold; names, images, their hashes, and embeddings."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from opendr_perception.arrays import open_arrays
from opendr_perception.tasks.face.gallery import Gallery, is_name, normal_name

VERSION = 2
READABLE = (1, VERSION)  # version 1 had no hashes: its images are embedded anew
METRIC = "euclidean"
LARGEST = 1 << 30
"""Bytes of a file that is still read: two million samples."""


def serialise(gallery: Gallery) -> bytes:
    """The bytes of a gallery's file."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        version=VERSION,
        model=gallery.model,
        metric=METRIC,
        threshold=gallery.threshold,
        names=np.array(gallery.names, np.str_),
        pictures=np.array(gallery.images, np.str_),
        digests=np.array(gallery.digests, np.str_),
        embeddings=gallery.embeddings,
    )
    return buffer.getvalue()


def parse(content: bytes) -> Gallery:
    """The gallery in a file's bytes.

    Raises:
        ValueError: they are not a gallery of a known format, or say what no gallery says; the text says why.
    """
    try:
        return _parse(content)
    except Exception as error:  # zipfile and numpy raise whatever broken bytes lead to
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def _parse(content: bytes) -> Gallery:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST:
            raise ValueError("it would be larger than any gallery")
    with open_arrays(stream) as file:
        version = int(file["version"])
        if version not in READABLE:
            raise ValueError(f"format {version} instead of {VERSION}")
        if str(file["metric"]) != METRIC:
            raise ValueError(f"metric {file['metric']} instead of {METRIC}")
        names, images = _texts(file["names"]), _texts(file["pictures"])
        digests = _texts(file["digests"]) if version > 1 else ("",) * len(names)
        embeddings = file["embeddings"]
        if embeddings.dtype != np.float32:
            raise ValueError(f"embeddings of {embeddings.dtype} instead of float32")
        _check_places(names, images)
        return Gallery(str(file["model"]), float(file["threshold"]), names, images, embeddings, digests)


def _texts(array: np.ndarray) -> tuple[str, ...]:
    if array.ndim != 1 or not (array.dtype.kind == "U" or array.size == 0):
        raise ValueError(f"texts of shape {array.shape} and dtype {array.dtype}")
    return tuple(map(str, array))


def _check_places(names: tuple[str, ...], images: tuple[str, ...]) -> None:
    """Let no text of the file lead out of the gallery, nor to another person's folder."""
    if len(set(images)) < len(images):
        raise ValueError("an image is named twice")
    for name, place in zip(names, images, strict=True):
        folder, _, image = place.partition("/")
        if not is_name(name) or normal_name(name) != name or normal_name(folder) != name:
            raise ValueError(f"{place!r} is no image of a person called {name!r}")
        if not image or "/" in image or "\0" in image or image.startswith("."):
            raise ValueError(f"{place!r} is no image of a person's folder")
