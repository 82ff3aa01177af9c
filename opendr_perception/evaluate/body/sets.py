"""Read images of people whose keypoints are labelled, in the format of COCO."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.body import LAYOUTS

COCO17 = LAYOUTS["coco17"]


@dataclass(frozen=True, eq=False)
class LabelledBodies:
    """The labelled people of one image.

    Attributes:
        image: Its file.
        keypoints: (n, 17, 2) x, y in pixels, in the order of coco17; NaN where not labelled.
        boxes: (n, 4) x_min, y_min, x_max, y_max.
        areas: (n,) of the people, in square pixels: what OKS measures distances by.
    """

    image: Path
    keypoints: npt.NDArray[np.float64]
    boxes: npt.NDArray[np.float64]
    areas: npt.NDArray[np.float64]


def labelled_bodies(dataset: Path) -> list[LabelledBodies]:
    """Read a set; images without a labelled person are left out.

    Args:
        dataset: A file of COCO's person keypoints (.json), whose images lie beside it or in images/, or a folder with
            several. Keypoints are known by their names (CrowdPose and PoseTrack have fewer of COCO's); others are left
            out. Human-Art names 21 and gives COCO's 17, which its names begin with, in `keypoints`.

    Raises:
        DatasetError: It is none, or cannot be read.
    """
    files = [dataset] if dataset.is_file() else sorted(dataset.glob("*.json"))
    if not files:
        raise DatasetError(f"{dataset} is neither a COCO file of keypoints (.json) nor a folder with some")
    found = []
    for file in files:
        try:
            found += _read(file)
        except (KeyError, ValueError, TypeError, IndexError, OSError) as error:
            raise DatasetError(f"{file} cannot be read: {error!r}") from error
    if not found:
        raise DatasetError(f"{dataset}: nobody with keypoints")
    return found


def _read(file: Path) -> list[LabelledBodies]:
    content = json.loads(file.read_text())
    order = [_plain(name) for name in content["categories"][0]["keypoints"]]
    people = defaultdict(list)
    for one in content["annotations"]:
        points = _placed(order, np.array(one["keypoints"], np.float64).reshape(-1, 3))
        if np.isfinite(points).any() and not one.get("iscrowd", 0):
            people[one["image_id"]].append((points, one["bbox"], one.get("area", 0)))
    return [_image(file, image["file_name"], people[image["id"]]) for image in content["images"] if people[image["id"]]]


def _image(
    file: Path, name: str, people: Sequence[tuple[npt.NDArray[np.float64], Sequence[float], float]]
) -> LabelledBodies:
    places = [file.parent / name, file.parent / "images" / name]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise DatasetError(f"{file}: no image {' or '.join(map(str, places))}")
    boxes = np.array([box for _, box, _ in people], np.float64)
    areas = np.array([area or 0.53 * box[2] * box[3] for _, box, area in people])  # what people fill of their boxes
    boxes[:, 2:] += boxes[:, :2]
    return LabelledBodies(path, np.stack([points for points, _, _ in people]), boxes, areas)


def _plain(name: str) -> str:
    return re.sub(r"[ -]", "_", name.lower())


def _placed(order: Sequence[str], points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Labelled points (K, 3) of any order at their places in coco17; NaN where there is none.

    Raises:
        ValueError: There are not as many as names, and these do not begin with all of coco17 either.
    """
    if len(points) != len(order) and not (len(points) == len(COCO17) and tuple(order[: len(points)]) == COCO17):
        raise ValueError(f"somebody has {len(points)} keypoints, and {len(order)} are named")
    placed = np.full((len(COCO17), 2), np.nan)
    for name, (x, y, visible) in zip(order, points, strict=False):
        if visible > 0 and name in COCO17:
            placed[COCO17.index(name)] = x, y
    return placed
