"""Labelled faces: FER2013 as Kaggle delivers it or packed, folders by expression, and compact files."""

from __future__ import annotations

import csv
import lzma
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.emotion import name_of
from opendr_perception.tasks.imaging import SUFFIXES, BadImageFile, Image, read_image

Images = npt.NDArray[np.uint8]

COMPACT = {"fer2013": "fer2013", "yale": "yalefaces/yale.npz"}
"""Sets that can be named, and where they are below the folder $OPENDR_DATA."""
DATA = Path("../shared/data")
"""That folder, unless the variable names another one."""
PARTS = ("train", "validation", "test")
KAGGLE = ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral")
"""Expressions by their numbers in fer2013.csv."""
USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
SIDE = 48
"""Pixels of an image of FER2013."""

THUMBNAIL = 16
SAME = 0.95
"""Correlation of thumbnails from which on two images are taken for the same one."""


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """An image and the expression of the face in it.

    Attributes:
        label: the expression, as this package calls it.
        image: the image.
        subject: whose face it is; one of its own where nobody knows.
        cut: whether the image is nothing but the face, cut out as FER2013 does it.
    """

    label: str
    image: Image
    subject: str
    cut: bool


@dataclass(frozen=True, eq=False)
class FaceCrops:
    """FER2013.

    Attributes:
        labels: names of the expressions.
        images: (n, 48, 48) uint8 grey.
        label: (n,) indices of the names.
        part: (n,) 'train', 'validation' or 'test'.
    """

    labels: tuple[str, ...]
    images: Images
    label: npt.NDArray[np.int64]
    part: npt.NDArray[np.str_]


def find(dataset: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """A path as it is, or that of a set of COMPACT by its name."""
    if dataset.exists() or str(dataset) not in COMPACT:
        return dataset
    return Path(environment.get("OPENDR_DATA") or DATA) / COMPACT[str(dataset)]


def faces_in(dataset: Path, part: str) -> Iterator[LabelledFaces]:
    """The faces of a set.

    Args:
        dataset: FER2013 (`fer2013.csv`, or a folder with `jpeg.bin.xz`); a folder with a folder of images for each
            expression, or with `train`, `validation` and `test` above these; an .npz with `images` and `label`, and
            maybe `subject`.
        part: 'train', 'validation', 'test' or 'all'; for sets without parts 'all' only.

    Raises:
        DatasetError: this is no such set, or it has nothing of this part.
    """
    if is_fer2013(dataset):
        crops = read_fer2013(dataset)
        chosen = np.flatnonzero((crops.part == part) | (part == "all"))
        if not len(chosen):
            raise DatasetError(f"{dataset} has no faces in the part '{part}'")
        for place in chosen.tolist():
            yield LabelledFaces(crops.labels[crops.label[place]], _mono(crops.images[place]), f"{place}", cut=True)
    elif dataset.is_dir():
        yield from _of_folders(dataset, part)
    elif not dataset.exists():
        raise DatasetError(f"{dataset} is not there")
    else:
        if part != "all":
            raise DatasetError(f"{dataset} has no parts: add --part all")
        yield from _of_arrays(dataset)


def is_fer2013(dataset: Path) -> bool:
    """True if it is FER2013, in one of two forms."""
    return dataset.suffix == ".csv" or (dataset / "jpeg.bin.xz").is_file()


def read_fer2013(dataset: Path) -> FaceCrops:
    """Read FER2013: Kaggle's `fer2013.csv`, or a folder with JPEG files joined to one and their index.

    Raises:
        DatasetError: it is not there, or something else.
    """
    try:
        return _from_table(dataset) if dataset.suffix == ".csv" else _from_folder(dataset)
    except (OSError, KeyError, ValueError, IndexError, EOFError, lzma.LZMAError, cv2.error) as error:
        raise DatasetError(f"{dataset} is not FER2013: {error}") from error


def seen_again(images: Images, others: Images) -> npt.NDArray[np.bool_]:
    """Mask of the images (n, H, W) that are, but for their compression, among others (m, H, W)."""
    first, second = _thumbnails(images), _thumbnails(others)
    best = [(first[begin : begin + 1000] @ second.T).max(1) for begin in range(0, len(first), 1000)]
    return np.concatenate(best) > SAME if best else np.zeros(0, bool)


def _from_table(path: Path) -> FaceCrops:
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    pixels = [np.array(row["pixels"].split(), np.uint8) for row in rows]
    return FaceCrops(
        KAGGLE,
        np.stack(pixels).reshape(-1, SIDE, SIDE),
        np.array([int(row["emotion"]) for row in rows]),
        np.array([USAGE[row["Usage"].strip()] for row in rows]),
    )


def _from_folder(folder: Path) -> FaceCrops:
    with open_arrays(folder / "index.npz") as index:
        offsets, label, train, names = (index[key] for key in ("offset", "label", "train", "names"))
    packed = lzma.decompress((folder / "jpeg.bin.xz").read_bytes())
    images = [cv2.imdecode(_bytes(packed[begin:end]), cv2.IMREAD_GRAYSCALE) for begin, end in pairwise(offsets)]
    if len(images) != len(label):
        raise ValueError(f"there are {len(images)} images and {len(label)} labels")
    return FaceCrops(
        tuple(map(name_of, names.tolist())),
        np.stack([np.asarray(image, np.uint8) for image in images]),
        label.astype(np.int64),
        np.where(train, "train", "validation"),
    )


def _of_folders(folder: Path, part: str) -> Iterator[LabelledFaces]:
    split = [name for name in PARTS if (folder / name).is_dir()]
    if split and part != "all":
        split = [name for name in split if name == part]
        if not split:
            raise DatasetError(f"{folder} has no folder '{part}'")
    elif part != "all":
        raise DatasetError(f"{folder} has no folders train, validation or test: add --part all")
    roots = [folder / name for name in split] or [folder]
    paths = [path for root in roots for path in sorted(root.glob("*/*")) if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise DatasetError(f"{folder} has no images in folders that are named like expressions")
    for path in paths:
        try:
            yield LabelledFaces(name_of(path.parent.name), read_image(path), str(path), cut=False)
        except (BadImageFile, OSError) as error:
            raise DatasetError(f"{path} cannot be read ({error})") from error


def _of_arrays(path: Path) -> Iterator[LabelledFaces]:
    try:
        with open_arrays(path) as data:
            images = data["images"]
            labels = data["label" if "label" in data else "condition"].tolist()
            whose = next((data[key].tolist() for key in ("subject", "person") if key in data), range(len(labels)))
            for pixels, label, subject in zip(images, labels, whose, strict=True):
                image = Image(np.ascontiguousarray(pixels), "mono8" if pixels.ndim == 2 else "rgb8")
                yield LabelledFaces(name_of(str(label)), image, str(subject), cut=False)
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(
            f"{path} is neither FER2013, nor a folder of expressions' folders, nor an .npz with images and label "
            f"({error})"
        ) from error


def _thumbnails(images: Images) -> npt.NDArray[np.float32]:
    size = (THUMBNAIL, THUMBNAIL)
    small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA).ravel() for image in images]
    rows = np.array(small, np.float32).reshape(len(images), THUMBNAIL**2)
    rows -= rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _bytes(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _mono(pixels: Images) -> Image:
    return Image(np.ascontiguousarray(pixels), "mono8")
