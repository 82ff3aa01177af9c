"""Outputs of networks, kept in blocks until a stream is done: a run that resumes after a crash need not repeat them.

Memories are made anew from it, in order, which is fast; so no state has to be written that could not be read safely or
by another version. A block is a .npz file of plain arrays that is either whole or not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from opendr_perception.files import replacing
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.face import Faces
from opendr_perception.tasks.nms import Detections

BLOCK = 1000
"""Frames of a block."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Form:
    """Conversion of a kind of looks to arrays, whose first axis is that of the objects, and back."""

    take: Callable[[Any], Arrays]
    make: Callable[[Arrays], Any]


def _poses(arrays: Arrays) -> Poses:
    return Poses(Detections(arrays["boxes"], arrays["scores"]), arrays["keypoints"])


def _faces(arrays: Arrays) -> Faces:
    return Faces(Detections(arrays["boxes"], arrays["scores"]), arrays["landmarks"])


FORMS: Mapping[str, tuple[type, Form]] = {
    "person_detection": (
        Detections,
        Form(lambda seen: {"boxes": seen.boxes, "scores": seen.scores}, lambda a: Detections(a["boxes"], a["scores"])),
    ),
    "pose_estimation": (
        Poses,
        Form(
            lambda seen: {"boxes": seen.people.boxes, "scores": seen.people.scores, "keypoints": seen.keypoints}, _poses
        ),
    ),
    "face_recognition": (
        Faces,
        Form(
            lambda seen: {
                "boxes": seen.detections.boxes,
                "scores": seen.detections.scores,
                "landmarks": seen.landmarks,
            },
            _faces,
        ),
    ),
}
"""Of each node whose looks are kept."""


class KeptLooks:
    """The looks of one stream, in a folder of its own.

    Args:
        folder: to read and to write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: tuple[int, dict[str, dict[int, Any]]] = (-1, {})
        self._fresh: dict[str, dict[int, Any]] = {}

    def known(self, frame: int, node: str) -> Any:
        """The look of a node at a frame; None if it is not kept."""
        block = frame // BLOCK
        if self._loaded[0] != block:
            self._loaded = (block, self._load(block))
        return self._loaded[1].get(node, {}).get(frame)

    def note(self, frame: int, looks: Mapping[str, Any]) -> None:
        """Keep what was seen in a frame; frames come in order, and each block is written when it is full."""
        for node, seen in looks.items():
            kind, _ = FORMS.get(node, (type(None), None))
            if isinstance(seen, kind) and getattr(seen, "layout", "coco17") == "coco17":
                self._fresh.setdefault(node, {})[frame] = seen
        if (frame + 1) % BLOCK == 0:
            self._store(frame // BLOCK)

    def _store(self, block: int) -> None:
        fresh, self._fresh = self._fresh, {}
        if not fresh or self._path(block).exists():
            return
        arrays: dict[str, Any] = {}
        for node, looks in fresh.items():
            parts = [FORMS[node][1].take(seen) for seen in looks.values()]
            arrays[f"{node} frames"] = np.array(list(looks), np.int64)
            arrays[f"{node} counts"] = np.array([len(part["scores"]) for part in parts], np.int64)
            for name in parts[0]:
                arrays[f"{node} {name}"] = np.concatenate([part[name] for part in parts])
        with replacing(self._path(block), ".npz") as unfinished:
            np.savez(unfinished, **arrays)

    def _load(self, block: int) -> dict[str, dict[int, Any]]:
        path = self._path(block)
        if not path.exists():
            return {}
        try:
            return self._read(path)
        except (OSError, ValueError, KeyError, BadZipFile):  # damaged by a disk, say: it is looked again
            path.unlink()
            return {}

    def _read(self, path: Path) -> dict[str, dict[int, Any]]:
        found: dict[str, dict[int, Any]] = {}
        with np.load(path, allow_pickle=False) as arrays:
            for node, (_, form) in FORMS.items():
                if f"{node} frames" not in arrays:
                    continue
                ends = np.cumsum(arrays[f"{node} counts"])
                columns = {
                    name.removeprefix(f"{node} "): np.split(arrays[name], ends[:-1])
                    for name in arrays.files
                    if name.startswith(f"{node} ") and name.split(" ")[1] not in ("frames", "counts")
                }
                found[node] = {
                    int(frame): form.make({name: rows[place] for name, rows in columns.items()})
                    for place, frame in enumerate(arrays[f"{node} frames"])
                }
        return found

    def _path(self, block: int) -> Path:
        return self._folder / f"{block:06d}.npz"
