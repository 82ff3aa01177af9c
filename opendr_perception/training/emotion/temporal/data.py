"""Data sets of videos with valence and arousal or emotions, as their authors deliver them, and features of frames.

Images are taken as faces: where a data set comes without crops (EmoReact), cut the faces out first.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.arrays import read_array
from opendr_perception.engine.session import Session
from opendr_perception.files import replacing
from opendr_perception.tasks.imaging import Image, crop_resize
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.training.emotion.expression.data import IMAGES, read_image
from opendr_perception.zoo.cache import sha256_of

AFFECT = ("valence", "arousal")
EMOTIONS = ("curiosity", "uncertainty", "excitement", "happiness", "surprise", "disgust", "fear", "frustration")
"""Of EmoReact; several may be there at once."""

FOLDS = 5
"""Of AFEW-VA, which has no parts: who acts in the evaluation does not act in the training."""

MARGIN = 1.25
"""Side of a crop around the landmarks of a face, in sizes of their box."""


@dataclass(frozen=True)
class LabelledClip:
    """A video and what is to be said of it.

    Attributes:
        name: Unique within the data set.
        frames: Its images; or the video, as the only one.
        truth: (T, values) float32 for each frame, NaN where it was not annotated; (1, values) for the last frame of a
            video.
        boxes: (T, 4) x_min, y_min, x_max, y_max in pixels of what to cut out; None: all.
    """

    name: str
    frames: tuple[Path, ...]
    truth: np.ndarray
    boxes: np.ndarray | None = None


@dataclass(frozen=True)
class ClipSet:
    """A data set.

    Attributes:
        values: Names of what is said of a frame.
        train: To learn from.
        evaluation: To measure with, and for nothing else.
    """

    values: tuple[str, ...]
    train: tuple[LabelledClip, ...]
    evaluation: tuple[LabelledClip, ...]


@dataclass(frozen=True)
class FeatureTrack:
    """Features (T, features) float32 of a clip, and the targets (T, values), NaN where unknown."""

    features: np.ndarray
    truth: np.ndarray


def read_clips(root: Path, layout: str) -> ClipSet:
    """List the clips of a data set.

    Args:
        root: Its folder.
        layout: One of `LAYOUTS`.

    Raises:
        ValueError: The layout is not known, or the folder is of another one.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout '{layout}': choose one of {', '.join(LAYOUTS)}")
    reader, values = LAYOUTS[layout]
    train, evaluation = (tuple(reader(root, part)) for part in (True, False))
    if not train or not evaluation:
        missing = "training" if not train else "evaluation"
        raise ValueError(f"{root} has no annotated clips for the {missing}: it is not of the layout '{layout}'")
    return ClipSet(values, train, evaluation)


def _affwild2(root: Path, train: bool) -> Iterator[LabelledClip]:
    """`cropped_aligned/NAME/00001.jpg` and a table `NAME.txt`, a line for each frame; -5 is not annotated."""
    part = root / "VA_Estimation_Challenge" / ("Train_Set" if train else "Validation_Set")
    for table in sorted(part.glob("*.txt")):
        with table.open(encoding="utf-8") as lines:
            rows = np.array([row for row in csv.reader(list(lines)[1:]) if row], np.float32).reshape(-1, 2)
        images = {
            int(path.stem): path
            for path in (root / "cropped_aligned" / table.stem).glob("*")
            if path.suffix.lower() in IMAGES and path.stem.isdigit()
        }
        known = sorted(number for number in images if 1 <= number <= len(rows))  # faces were not found in all
        if known:
            truth = rows[np.array(known) - 1]
            truth[(np.abs(truth) > 1).any(1)] = np.nan
            yield LabelledClip(table.stem, tuple(images[number] for number in known), truth)


def _afew_va(root: Path, train: bool) -> Iterator[LabelledClip]:
    """`001/00000.png` and `001/001.json` with valence and arousal from -10 to 10, landmarks and the actor."""
    for table in sorted(root.glob("*/*.json")):
        clip = json.loads(table.read_text(encoding="utf-8"))
        held_out = zlib.crc32(str(clip["actor"]).encode()) % FOLDS == 0
        if held_out is not train:
            frames = sorted(clip["frames"].items())
            truth = [(frame["valence"], frame["arousal"]) for _, frame in frames]
            landmarks = [np.array(frame["landmarks"], np.float64) for _, frame in frames]
            boxes = np.array([(*points.min(0), *points.max(0)) for points in landmarks])
            paths = tuple(table.parent / f"{name}.png" for name, _ in frames)
            yield LabelledClip(table.stem, paths, np.array(truth, np.float32) / 10, boxes)


def _emoreact(root: Path, train: bool) -> Iterator[LabelledClip]:
    """`Data/Train/NAME.mp4`, `Labels/Train_names.txt` with quoted names and `Labels/train_labels.text`."""
    folder, part = ("Train", "Train") if train else ("Validation", "Val")
    names, labels = root / "Labels" / f"{part}_names.txt", root / "Labels" / f"{part.lower()}_labels.text"
    if names.is_file() and labels.is_file():
        listed = [line.strip()[1:-1].replace("''", "'") for line in names.read_text(encoding="utf-8").splitlines()]
        with labels.open(encoding="utf-8") as lines:
            rows = [row for row in csv.reader(lines) if row]
        for name, row in zip(filter(None, listed), rows, strict=True):
            truth = np.array(row[: len(EMOTIONS)], np.float32)[None]
            yield LabelledClip(Path(name).stem, (root / "Data" / folder / name,), truth)


LAYOUTS: dict[str, tuple[Callable[[Path, bool], Iterator[LabelledClip]], tuple[str, ...]]] = {
    "affwild2": (_affwild2, AFFECT),
    "afew-va": (_afew_va, AFFECT),
    "emoreact": (_emoreact, EMOTIONS),
}
"""Readers of the layouts, and the values of their frames."""


class Encoder:
    """Features of single frames, computed once and kept.

    Args:
        model: A network with the input `image` (N, H, W, 3) uint8 RGB, such as one for expressions.
        output: Which of its outputs, (N, features) float32, to take.
        folder: Where features are kept; those of other networks do not mix.

    Raises:
        EngineError: The network is of another kind.
    """

    def __init__(self, model: Path, output: str, folder: Path) -> None:
        self._session = Session(model)
        self._session.expect(["image"], [output])
        self.output = output
        self.sha256 = sha256_of(model)
        self.features = next(tensor.shape[-1] for tensor in self._session.outputs if tensor.name == output) or 0
        height, width = self._session.inputs[0].shape[1:3]
        self._size = height or 0, width or 0
        if not all((*self._size, self.features)):
            raise ValueError(f"{model} does not say the size of its images and of its {output}")
        self._folder = folder / f"{self.sha256[:12]}-{output}"

    def __call__(self, clip: LabelledClip) -> FeatureTrack:
        """The features of a clip, and what is to be said of each frame.

        Raises:
            ValueError: A frame cannot be read.
        """
        kept = self._folder / f"{clip.name}.npy"
        if kept.is_file():
            features = read_array(kept)
        else:
            features = np.stack([self._encode(image, box) for image, box in _images(clip)])
            self._keep(features, kept)
        truth = clip.truth
        if len(truth) < len(features):  # only the end of a video has an answer
            unknown = np.full((len(features) - len(truth), truth.shape[1]), np.nan, np.float32)
            truth = np.concatenate([unknown, truth])
        return FeatureTrack(features, truth)

    def _encode(self, image: Image, box: np.ndarray) -> np.ndarray:
        crop, _ = crop_resize(image, box.tolist(), self._size, "rgb")
        features: np.ndarray = self._session.run({"image": crop[None]})[self.output][0]
        return features

    def _keep(self, features: np.ndarray, path: Path) -> None:
        with replacing(path, ".npy") as unfinished:
            np.save(unfinished, features)


def _images(clip: LabelledClip) -> Iterator[tuple[Image, np.ndarray]]:
    """The frames of a clip, and what to cut out of each."""
    if clip.frames[0].suffix.lower() not in IMAGES:
        yield from _film(clip.frames[0])
        return
    for number, path in enumerate(clip.frames):
        image = Image(read_image(path), "rgb8")
        yield image, _whole(image) if clip.boxes is None else _around(clip.boxes[number])


def _film(path: Path) -> Iterator[tuple[Image, np.ndarray]]:
    try:
        with open_source(str(path)) as source:
            for frame in source:
                yield frame.image, _whole(frame.image)
    except VideoError as error:
        raise ValueError(str(error)) from error


def _whole(image: Image) -> np.ndarray:
    return np.array([0, 0, image.width, image.height])


def _around(box: np.ndarray) -> np.ndarray:
    """A square with the middle of a box, enlarged."""
    middle, half = (box[:2] + box[2:]) / 2, MARGIN * max(box[2:] - box[:2]) / 2
    return np.concatenate([middle - half, middle + half])
