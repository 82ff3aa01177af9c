"""Faces to learn from, found and cut out as the node does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from opendr_perception.evaluate.emotion.sets import LabelledFaces, faces_in
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.emotion.compact import SIZE, grey
from opendr_perception.tasks import face
from opendr_perception.tasks.emotion import Crop, name_of
from opendr_perception.tasks.imaging import Image, crop_resize
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.training.common.label_rows import LabelRow, read_labels

PER_SECOND = 5.0
"""Frames of a film that are looked at while an expression is shown."""
UNLABELLED_EVERY = 1.0
"""Seconds between two faces without a label."""


@dataclass(frozen=True, eq=False)
class LabelledCrop:
    """A face.

    Attributes:
        pixels: (48, 48) uint8 grey.
        label: Its expression; '' for one without a label.
        subject: Whose it is, as far as known.
    """

    pixels: np.ndarray
    label: str
    subject: str


def gather(paths: Sequence[Path], labels: Path | None, crop: Crop, detector: str) -> list[LabelledCrop]:
    """Faces of folders by label, and of films and bags with rows.

    Args:
        paths: Folders with a folder of images for each expression, or recordings.
        labels: What is shown when in recordings.
        crop: How faces are cut out.
        detector: Model that finds them.

    Raises:
        DatasetError: A recording or a label cannot be used; nothing is learned then.
        ZooError, EngineError: The detector cannot be had.
    """
    perceiver = face.build(face.Settings(model=detector, identify=False))
    films = [path for path in paths if not _has_folders(path)]
    found: list[LabelledCrop] = []
    for path in paths:
        if path not in films:
            found += crops_of(faces_in(path, "all"), crop, perceiver)
    if not films:
        return found
    if labels is None:
        raise DatasetError(f"{films[0]} has no labels in itself: say what is shown when, by --labels FILE")
    rows = read_labels(labels, films)
    for path in films:
        found += _of_film(path, rows.get(path, []), labels, crop, perceiver)
    return found


def crops_of(faces: Iterable[LabelledFaces], crop: Crop, perceiver: face.FacePerceiver) -> list[LabelledCrop]:
    """The largest face of each image.

    Raises:
        DatasetError: There is an expression of which no image shows a face.
    """
    found, missed = [], set()
    for one in faces:
        pixels = _whole(one.image) if one.cut else largest(one.image, crop, perceiver)
        if pixels is None:
            missed.add(one.label)
        else:
            found.append(LabelledCrop(pixels, one.label, one.subject))
    if without := missed - {one.label for one in found}:
        raise DatasetError(f"in no image of '{min(without)}' a face is found")
    return found


def largest(image: Image, crop: Crop, perceiver: face.FacePerceiver) -> np.ndarray | None:
    """The largest face of an image, (48, 48) uint8 grey; None if there is none."""
    boxes = perceiver(image).faces.detections.boxes
    if not len(boxes):
        return None
    box = max(boxes, key=lambda b: float((b[2] - b[0]) * (b[3] - b[1])))
    pixels, _ = crop_resize(image, crop.around(box), (SIZE, SIZE), "rgb")
    return _grey(pixels)


def _whole(image: Image) -> np.ndarray:
    pixels, _ = crop_resize(image, (0, 0, image.width, image.height), (SIZE, SIZE), "rgb")
    return _grey(pixels)


def _grey(pixels: np.ndarray) -> np.ndarray:
    found: np.ndarray = grey(torch.from_numpy(pixels)[None])[0, 0].numpy().astype(np.uint8)
    return found


def _has_folders(path: Path) -> bool:
    return path.is_dir() and any(each.is_dir() for each in path.iterdir())


def _of_film(
    path: Path, rows: Sequence[LabelRow], labels: Path, crop: Crop, perceiver: face.FacePerceiver
) -> list[LabelledCrop]:
    found: list[LabelledCrop] = []
    seen: set[int] = set()
    first: int | None = None
    due = 0.0
    try:
        with open_source(str(path)) as source:
            for frame in source:
                if frame.stamp is None:
                    raise DatasetError(f"{path}: a camera is no recording: record it first")
                first = frame.stamp if first is None else first
                at = (frame.stamp - first) * 1e-9
                row = next((row for row in rows if row.begin <= at < row.end), None)
                if at < due and not (row is not None and row.line not in seen):
                    continue
                due = at + (1 / PER_SECOND if row is not None else UNLABELLED_EVERY)
                pixels = largest(frame.image, crop, perceiver)
                if pixels is None:
                    continue
                found.append(LabelledCrop(pixels, name_of(row.label) if row is not None else "", path.name))
                if row is not None:
                    seen.add(row.line)
    except VideoError as error:
        raise DatasetError(str(error)) from error
    for row in rows:
        if row.line not in seen:
            raise DatasetError(
                f"{labels}, line {row.line} ({row.label}): {path.name} shows no face from {row.begin:g} to {row.end:g}"
            )
    return found
