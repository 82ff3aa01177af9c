"""Labelled faces: folders by person, compact files, and lists of pairs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.face import GalleryError, read_sample
from opendr_perception.tasks.imaging import Image

COMPACT = {"orl": "orl/orl.npz", "yale": "yalefaces/yale.npz"}
"""Sets that can be named, and where they are below the folder $OPENDR_DATA."""
DATA = Path("../shared/data")
"""That folder, unless the variable names another one."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm"})


@dataclass(frozen=True)
class Labelled:
    """A face and whose it is."""

    person: str
    image: Image


@dataclass(frozen=True)
class FacePair:
    """Two image files, and whether they show one person."""

    first: Path
    second: Path
    same: bool


def find(dataset: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """A path as it is, or that of a set of COMPACT by its name."""
    if dataset.exists() or str(dataset) not in COMPACT:
        return dataset
    return Path(environment.get("OPENDR_DATA") or DATA) / COMPACT[str(dataset)]


def faces_in(dataset: Path) -> Iterator[Labelled]:
    """Read a set: a folder with a folder of images for each person, or a file with `images` and `person`.

    Raises:
        DatasetError: This is no such set.
    """
    if dataset.is_dir():
        yield from _of_folders(dataset)
        return
    try:
        with open_arrays(dataset) as data:
            for pixels, person in zip(data["images"], data["person"], strict=True):
                yield Labelled(str(person), Image(pixels, "mono8" if pixels.ndim == 2 else "rgb8"))
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(
            f"{dataset} is neither a folder of people's folders, nor a .npz with images and person, nor a .txt of "
            f"pairs ({error})"
        ) from error


def _of_folders(folder: Path) -> Iterator[Labelled]:
    paths = [path for path in sorted(folder.glob("*/*")) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise DatasetError(f"{folder} has no images in folders that are named like people")
    for path in paths:
        yield Labelled(path.parent.name, image_of(path))


def image_of(path: Path) -> Image:
    """Read an image.

    Raises:
        DatasetError: It cannot be read.
    """
    try:
        return read_sample(path)
    except GalleryError as error:
        raise DatasetError(str(error)) from error


def pairs_in(path: Path) -> list[FacePair]:
    """Read a list of pairs: `one.jpg other.jpg 1` or `... 0` in each line, or lines as LFW's pairs.txt has them.

    Raises:
        DatasetError: It cannot be read, or a line is neither; the text names it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read ({error})") from error
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields or (number == 1 and all(field.isdigit() for field in fields)):
            continue  # LFW begins with the number of folds and pairs
        pair = _pair(path.parent, fields)
        if pair is None:
            raise DatasetError(f"{path}, line {number}: {line[:60]!r} is no pair")
        pairs.append(pair)
    if not any(pair.same for pair in pairs) or all(pair.same for pair in pairs):
        raise DatasetError(f"{path} needs pairs of one person and pairs of two")
    return pairs


def _pair(folder: Path, fields: Sequence[str]) -> FacePair | None:
    match fields:
        case [first, second, ("0" | "1") as same] if Path(first).suffix.lower() in SUFFIXES:
            return FacePair(folder / first, folder / second, same == "1")
        case [name, first, second] if first.isdigit() and second.isdigit():
            return FacePair(_lfw(folder, name, first), _lfw(folder, name, second), True)
        case [name, first, other, second] if first.isdigit() and second.isdigit():
            return FacePair(_lfw(folder, name, first), _lfw(folder, other, second), False)
    return None


def _lfw(folder: Path, name: str, number: str) -> Path:
    return folder / name / f"{name}_{int(number):04d}.jpg"
