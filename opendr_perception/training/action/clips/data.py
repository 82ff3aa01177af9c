"""Clips to learn from: of the sets of `layouts`, or pieces of the streams that the shipped network learnt from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.training.action.clips import layouts
from opendr_perception.training.action.clips.models import ClipShape, bones
from opendr_perception.training.action.online.data import HELD_OUT, held_out
from opendr_perception.training.action.pool import OPEN_ONLY, Drawn, Pool
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED

OWN = "own"
OWN_FRAMES = 96
"""Frames of a clip at 20 Hz; what is done is learnt of all of them, and asked of the newest one."""
PER_STREAM = 2
"""Clips of each stream in the evaluation."""
LAYOUTS = (OWN, *layouts.LAYOUTS)

Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
Judged = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Clips, labels, and of which stream each is: clips of one stream show one person."""


class SkeletonClips(ABC):
    """Clips of one shape.

    Args:
        shape: Of all clips.
        axes: Channels that are places.
    """

    def __init__(self, shape: ClipShape, axes: int) -> None:
        self.shape, self.axes = shape, axes

    @abstractmethod
    def train(self, seed: int, step: int, size: int) -> Arrays:
        """A batch (size, C, T, V, S) and labels, the same whenever it is asked for.

        Labels are those of clips (size,), or, where the shape is `dense`, of their frames (size, T).
        """

    @abstractmethod
    def evaluation(self) -> dict[str, Judged]:
        """Clips to measure with, by their source."""

    def stream(self, clips: npt.NDArray[np.float32], name: str) -> Tensor:
        """Clips of joints, or of bones."""
        joints = torch.from_numpy(clips)
        return joints if name == "joints" else bones(joints, SKELETONS[self.shape.skeleton], self.axes)


class OwnClips(SkeletonClips):
    """Pieces of streams of people who are simulated or recorded (`pool`, terms: open).

    Args:
        pool: Of the examples for training; those of the evaluation are kept there too.
        sets: Folder of the sets of skeletons.
        streams: Of each source in the evaluation.
    """

    def __init__(self, pool: Path, sets: Path, streams: int = 200) -> None:
        super().__init__(ClipShape("coco17", 5, OWN_FRAMES, 1, len(ACTIONS), dense=True), 2)
        self._drawn = Drawn(Pool(pool, sets), OPEN_ONLY, 21, 0)
        self._sets, self._streams, self._kept = sets, streams, pool

    def train(self, seed: int, step: int, size: int) -> Arrays:
        frames, labels = self._drawn.batch(seed * 1_000_003 + step, size)
        return _pieces(np.random.default_rng((seed, step)), frames, labels, 1)[:2]

    def evaluation(self) -> dict[str, Judged]:
        rng = np.random.default_rng(5)
        found = {}
        for source in HELD_OUT:
            path = self._kept / f"clips-{source}-{self._streams}.npz"
            if not path.is_file():
                clips, labels, streams = _pieces(rng, *held_out(source, "test", self._sets, self._streams), PER_STREAM)
                with replacing(path, ".npz") as unfinished:
                    np.savez(unfinished, clips=clips, labels=labels[:, -1], streams=streams)
            with open_arrays(path) as arrays:
                found[source] = arrays["clips"], arrays["labels"], arrays["streams"]
        return found


class FileClips(SkeletonClips):
    """Clips of a set on disk.

    Args:
        folder: Of the set.
        layout: One of `layouts.LAYOUTS`.

    Raises:
        ValueError: There are none.
    """

    def __init__(self, folder: Path, layout: str) -> None:
        kinetics = layout == "kinetics"
        skeleton, axes = ("openpose18", 2) if kinetics else ("ntu25", 3)
        super().__init__(ClipShape(skeleton, 3, layouts.FRAMES, layouts.PERSONS, layouts.LAYOUTS.get(layout, 0)), axes)
        found = layouts.files_of(folder, layout)
        self._layout = layout
        self._parts = {part: [one for one in found if one.train is part] for part in (True, False)}
        if not self._parts[True] or not self._parts[False]:
            raise ValueError(f"{folder} has clips for training or for measuring only, by {layout}")

    def train(self, seed: int, step: int, size: int) -> Arrays:
        rng = np.random.default_rng((seed, step))
        return self._read([self._parts[True][k] for k in rng.integers(len(self._parts[True]), size=size)])

    def evaluation(self) -> dict[str, Judged]:
        clips, labels = self._read(self._parts[False])
        return {self._layout: (clips, labels, np.arange(len(labels)))}

    def _read(self, files: list[layouts.SkeletonFile]) -> Arrays:
        clips = np.stack([layouts.read(one, self._layout) for one in files])
        return clips, np.array([one.label for one in files], np.int64)


def clip_set(layout: str, data: Path, pool: Path) -> SkeletonClips:
    """The clips of a layout.

    Raises:
        ValueError: There is no such layout, or the folder has no clips of it.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout '{layout}': {', '.join(LAYOUTS)}")
    return OwnClips(pool, data / "skeletons") if layout == OWN else FileClips(data, layout)


def _pieces(rng: np.random.Generator, frames: np.ndarray, labels: np.ndarray, count: int) -> Judged:
    """The OWN_FRAMES before and at labelled frames of streams (n, 5, T, 17), and their labels (k, OWN_FRAMES).

    In the newest frame of a piece an action of its stream is as likely as another.
    """
    clips, wanted, streams = [], [], []
    for number, (stream, marks) in enumerate(zip(frames, labels, strict=True)):
        for _ in range(count):
            judged = np.flatnonzero(marks[OWN_FRAMES - 1 :] != UNLABELLED) + OWN_FRAMES - 1
            if not len(judged):
                continue
            kinds = np.unique(marks[judged])
            of_kind = judged[marks[judged] == rng.choice(kinds)]
            end = int(rng.choice(of_kind))
            clips.append(stream[:, end - OWN_FRAMES + 1 : end + 1])
            wanted.append(marks[end - OWN_FRAMES + 1 : end + 1])
            streams.append(number)
    return np.stack(clips)[..., None].astype(np.float32), np.stack(wanted).astype(np.int64), np.array(streams, np.int64)
