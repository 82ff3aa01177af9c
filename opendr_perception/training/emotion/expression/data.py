"""Data sets of faces with expressions, as their authors deliver them, and what a training does with their images."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.arrays import read_array
from opendr_perception.evaluate.emotion.sets import read_fer2013, seen_again
from opendr_perception.evaluate.report import DatasetError

LABELS = ("neutral", "happy", "sad", "surprised", "fearful", "disgusted", "angry", "contemptuous")
"""In the order of AffectNet, into which the other data sets are brought."""

FER_PLUS = (0, 1, 3, 2, 6, 5, 4, 7)
"""Label of each column of votes; two more columns say unknown, and no face."""

RAF_DB = (3, 4, 5, 1, 2, 6, 0)
"""Label of each class, which are numbered from 1."""

IMAGES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class LabelledFace:
    """An image of a face.

    Attributes:
        path: Of the image.
        label: Index of the expression.
        affect: Valence and arousal in [-1, 1]; NaN where they were not annotated.
        pixels: (H, W) uint8 grey, of a set that is kept in memory; then the path is that of the set.
    """

    path: Path
    label: int
    affect: tuple[float, float] = (np.nan, np.nan)
    pixels: np.ndarray | None = None


@dataclass(frozen=True)
class FaceSet:
    """A data set.

    Attributes:
        labels: Names of the expressions.
        train: To learn from.
        evaluation: To measure with, and for nothing else.
    """

    labels: tuple[str, ...]
    train: tuple[LabelledFace, ...]
    evaluation: tuple[LabelledFace, ...]

    @property
    def has_affect(self) -> bool:
        """True if valence and arousal can be learned."""
        return bool(self.train) and not any(np.isnan(face.affect).any() for face in self.train)


def read_faces(root: Path, layout: str) -> FaceSet:
    """List the images of a data set.

    Args:
        root: Its folder.
        layout: One of `LAYOUT_NAMES`.

    Raises:
        ValueError: The layout is not known, or the folder is of another one.
    """
    if layout not in LAYOUT_NAMES:
        raise ValueError(f"there is no layout '{layout}': choose one of {', '.join(LAYOUT_NAMES)}")
    if layout == FER2013:
        return _fer2013(root)
    if not root.is_dir():
        raise ValueError(f"{root} is not a folder")
    reader, train, evaluation, classes = LAYOUTS[layout]
    found = FaceSet(LABELS[:classes], tuple(reader(root, train)), tuple(reader(root, evaluation)))
    for part, faces in ((train, found.train), (evaluation, found.evaluation)):
        if not faces:
            raise ValueError(f"{root} has no images with labels in '{part}': it is not of the layout '{layout}'")
        if missing := next((face.path for face in faces if not face.path.is_file()), None):
            raise ValueError(f"{root} names an image that is not there: {missing}")
    return found


def _fer2013(root: Path) -> FaceSet:
    """The parts for training, without images that are in the other parts again, and for validation."""
    try:
        crops = read_fer2013(root)
    except DatasetError as error:
        raise ValueError(str(error)) from error
    train = crops.part == "train"
    train[train] = ~seen_again(crops.images[train], crops.images[~train])
    parts = (
        tuple(LabelledFace(root, int(crops.label[place]), pixels=crops.images[place]) for place in np.flatnonzero(part))
        for part in (train, crops.part == "validation")
    )
    return FaceSet(crops.labels, *parts)


def _affectnet(root: Path, part: str) -> Iterator[LabelledFace]:
    """`images/7.jpg` beside `annotations/7_exp.npy`, `7_val.npy` and `7_aro.npy`; 8 and more are no expressions."""
    for path in sorted((root / part / "images").glob("*")):
        if path.suffix.lower() in IMAGES:
            label, valence, arousal = (
                float(read_array(root / part / "annotations" / f"{path.stem}_{kind}.npy"))
                for kind in ("exp", "val", "aro")
            )
            if 0 <= label < len(LABELS):
                affect = (valence, arousal) if abs(valence) <= 1 and abs(arousal) <= 1 else (np.nan, np.nan)
                yield LabelledFace(path, int(label), affect)


def _fer_plus(root: Path, part: str) -> Iterator[LabelledFace]:
    """`label.csv` with name, box and ten votes; a label is what more than half of the voters say."""
    table = root / part / "label.csv"
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as lines:
            for name, _, *columns in csv.reader(lines):
                votes = np.array(columns, int)
                votes[votes < 2] = 0  # a single vote is a slip
                best = int(votes.argmax())
                if 2 * votes[best] > votes.sum() and best < len(FER_PLUS):
                    yield LabelledFace(root / part / name, FER_PLUS[best])


def _raf_db(root: Path, part: str) -> Iterator[LabelledFace]:
    """`EmoLabel/list_patition_label.txt` (so it is spelled) with lines such as `train_00001.jpg 5`."""
    table = root / "EmoLabel" / "list_patition_label.txt"
    if table.is_file():
        for line in table.read_text(encoding="utf-8").splitlines():
            if line.startswith(part):
                name, number = line.split()
                path = root / "Image" / "aligned" / name.replace(".jpg", "_aligned.jpg")
                yield LabelledFace(path, RAF_DB[int(number) - 1])


LAYOUTS: dict[str, tuple[Callable[[Path, str], Iterator[LabelledFace]], str, str, int]] = {
    "affectnet": (_affectnet, "train_set", "val_set", 8),
    "ferplus": (_fer_plus, "FER2013Train", "FER2013Test", 8),
    "raf-db": (_raf_db, "train", "test", 7),
}
"""Readers of the layouts, with the parts for training and evaluation, and the number of `LABELS` of each."""


FER2013 = "fer2013"
LAYOUT_NAMES = (*LAYOUTS, FER2013)


def read_image(path: Path) -> np.ndarray:
    """Read an image as (height, width, 3) uint8 RGB.

    Raises:
        ValueError: It is none.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path} is not an image that can be read")
    return np.ascontiguousarray(image[:, :, ::-1])


def load_image(path: Path, size: int) -> np.ndarray:
    """Read an image as (size, size, 3) uint8 RGB.

    Raises:
        ValueError: It is none.
    """
    image = read_image(path)
    smaller = min(image.shape[:2]) > size
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def vary(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change light and contrast, mirror, turn, shift and enlarge an image at random [Siqueira 2020].

    Args:
        image: (size, size, 3) uint8.
        rng: Where the variation comes from.
    """
    size = len(image)
    brightness, contrast = rng.uniform(0.5, 1.5, 2)
    pixels = image.astype(np.float32) * brightness
    pixels = (pixels - pixels.mean()) * contrast + pixels.mean()
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    affine = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-30, 30), rng.uniform(1, 1.25))
    affine[:, 2] = affine[:, 2] + rng.uniform(-0.1, 0.1, 2) * size
    pixels = cv2.warpAffine(np.ascontiguousarray(pixels), affine, (size, size))
    return pixels.clip(0, 255).astype(np.uint8)


def balanced(faces: Sequence[LabelledFace], most: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of faces, drawn so that no label has more than `most`; all of rarer ones."""
    labels = np.array([face.label for face in faces])
    chosen = [rng.permutation(np.flatnonzero(labels == label))[:most] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen))
