"""Clips of skeletons as their authors deliver them: NTU RGB+D 60 and 120, Kinetics-Skeleton [Shahroudy 2016; Yan 2018].

ntu60-xsub, ntu60-xview, ntu120-xsub, ntu120-xset
    a folder of files such as S001C002P003R002A013.skeleton
kinetics
    a folder with kinetics_train/, kinetics_val/ of one JSON file each, and kinetics_train_label.json,
    kinetics_val_label.json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NTU_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")
FRAMES, PERSONS = 300, 2
"""Of a clip."""
KINETICS_JOINTS, KINETICS_CLASSES = 18, 400
TRAIN_60 = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
TRAIN_120 = (
    *TRAIN_60, 45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92,
    93, 94, 95, 97, 98, 100, 103,
)  # fmt: skip
"""Persons whose clips are for training."""
TRAIN_CAMERAS = (2, 3)
LAYOUTS = {"ntu60-xsub": 60, "ntu60-xview": 60, "ntu120-xsub": 120, "ntu120-xset": 120, "kinetics": KINETICS_CLASSES}
"""Number of actions of each."""


@dataclass(frozen=True)
class SkeletonFile:
    """A clip on disk, its action, and whether it is for training."""

    path: Path
    label: int
    train: bool


def files_of(folder: Path, layout: str) -> list[SkeletonFile]:
    """List the clips of a set.

    Raises:
        ValueError: There is no such layout, or the folder has no clips of it.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout '{layout}': {', '.join(LAYOUTS)}")
    found = [*(_kinetics(folder) if layout == "kinetics" else _ntu(folder, layout))]
    if not found:
        raise ValueError(f"{folder} has no clips of {layout}")
    return found


def read(file: SkeletonFile, layout: str) -> np.ndarray:
    """A clip (C, FRAMES, V, PERSONS) float32, repeated to that length; of Kinetics x, y and score about the middle.

    Raises:
        ValueError: It is no such file.
    """
    try:
        frames = _read_kinetics(file.path) if layout == "kinetics" else _read_ntu(file.path)
    except (OSError, ValueError, KeyError, IndexError, StopIteration) as error:
        raise ValueError(f"{file.path} is no clip of {layout}: {error!r}") from error
    if not len(frames):
        raise ValueError(f"{file.path} has no frames")
    places = np.arange(FRAMES) % len(frames)
    return np.ascontiguousarray(frames[places].transpose(3, 0, 2, 1))


def _ntu(folder: Path, layout: str) -> Iterator[SkeletonFile]:
    for path in sorted(folder.rglob("*.skeleton")):
        named = NTU_NAME.fullmatch(path.stem)
        if named is None:
            continue
        setup, camera, person, _, action = map(int, named.groups())
        if action > LAYOUTS[layout]:
            continue
        train = {
            "ntu60-xsub": person in TRAIN_60,
            "ntu60-xview": camera in TRAIN_CAMERAS,
            "ntu120-xsub": person in TRAIN_120,
            "ntu120-xset": setup % 2 == 0,
        }[layout]
        yield SkeletonFile(path, action - 1, train)


def _read_ntu(path: Path) -> np.ndarray:
    """Frames (T, PERSONS, 25, 3), metres, about the middle of the spine of the first person in the first frame."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    count = int(next(lines))
    frames = np.zeros((count, PERSONS, 25, 3), np.float32)
    for frame in range(count):
        for body in range(int(next(lines))):
            next(lines)  # what the sensor says of the body
            joints = [next(lines).split() for _ in range(int(next(lines)))]
            if body < PERSONS:
                frames[frame, body] = [list(map(float, joint[:3])) for joint in joints]
    there = np.abs(frames).sum((2, 3)) > 0
    first = np.flatnonzero(there[:, 0])
    if len(first):
        frames -= frames[first[0], 0, 1] * there[..., None, None]
    return frames


def _kinetics(folder: Path) -> Iterator[SkeletonFile]:
    for part in ("train", "val"):
        table = folder / f"kinetics_{part}_label.json"
        if table.is_file():
            rows: dict[str, dict[str, Any]] = json.loads(table.read_text(encoding="utf-8"))
            for name, row in sorted(rows.items()):
                if row["has_skeleton"]:
                    path = folder / f"kinetics_{part}" / f"{name}.json"
                    yield SkeletonFile(path, int(row["label_index"]), part == "train")


def _read_kinetics(path: Path) -> np.ndarray:
    """Frames (T, PERSONS, 18, 3): x, y about the middle of the image, and scores, of the two surest people."""
    rows = json.loads(path.read_text(encoding="utf-8"))["data"]
    frames = np.zeros((max((row["frame_index"] for row in rows), default=0), PERSONS, KINETICS_JOINTS, 3), np.float32)
    for row in rows:
        surest = sorted(row["skeleton"], key=lambda one: -sum(one["score"]))[:PERSONS]
        for place, one in enumerate(surest):
            points = np.array(one["pose"], np.float32).reshape(-1, 2) - 0.5
            score = np.array(one["score"], np.float32)
            seen = (score > 0)[:, None]
            frames[row["frame_index"] - 1, place] = np.concatenate([points * seen, score[:, None]], 1)
    return frames
