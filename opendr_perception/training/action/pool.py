"""Examples on disk, so that several trainings share them: `python -m opendr_perception.training.action.pool`.

Each shard is made from its number alone; who asks first makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.action.sets import OPEN, READERS
from opendr_perception.files import replacing
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.camera import MIRRORED
from opendr_perception.training.action.data import MotionClip, load_clips
from opendr_perception.training.action.real_motion import RealPeople
from opendr_perception.training.action.simulate import LabelledFrames, batch_of, training_sequence
from opendr_perception.training.body.motion import UNLABELLED, Motion
from opendr_perception.training.common.command import run_command
from opendr_perception.zoo.cache import default_cache

SETS = "Folder of data; the sets of recordings are in its folder skeletons."
FRAMES = 256
"""Of an example: 12.8 s."""
SHARD = 100
"""Examples in a file."""
SECONDS = (FRAMES + 8) / skeleton.RATE

SHARES: Mapping[str, float] = {
    "simulation": 0.40, "utd_mhad": 0.17, "msr_action3d": 0.12, "kard": 0.13, "florence3d": 0.05, "cdta": 0.03,
    "jhmdb": 0.10,
}  # fmt: skip
"""Of each source in a batch; of the open ones alone they are scaled up."""
SHARDS: Mapping[str, int] = {
    "simulation": 40, "utd_mhad": 16, "msr_action3d": 12, "kard": 14, "florence3d": 5, "cdta": 3, "jhmdb": 12,
}  # fmt: skip
RESEARCH, OPEN_ONLY = tuple(SHARES), ("simulation", *OPEN)

Shard = tuple[npt.NDArray[np.float16], npt.NDArray[np.int8]]
"""Frames (SHARD, 5, FRAMES, 17) and labels (SHARD, FRAMES)."""


@dataclass(frozen=True)
class Pool:
    """The examples of all sources.

    Args:
        folder: Where shards are kept.
        data: Folder of the sets of recordings.
        seed: Of the examples.
    """

    folder: Path
    data: Path
    seed: int = 1

    def shard(self, source: str, number: int) -> Shard:
        """The examples of a shard; they are made if nobody has done so."""
        path = self.folder / f"{source}-{number:03d}.npz"
        if not path.exists():
            make = self._maker(source)
            examples = [make((self.seed, number, k)) for k in range(SHARD)]
            frames, labels = batch_of(examples, FRAMES)
            with replacing(path, ".npz") as unfinished:
                np.savez(unfinished, frames=frames.astype(np.float16), labels=labels.astype(np.int8))
        with open_arrays(path) as arrays:
            return arrays["frames"], arrays["labels"]

    def _maker(self, source: str) -> Callable[[tuple[int, ...]], LabelledFrames]:
        if source == "simulation":
            clips = {clip: motion for clip, motion in _clips().items() if not clip.held_out}
            return lambda seed: training_sequence(seed, clips, SECONDS)
        people = _people(self.data, source)
        return lambda seed: people.sequence((*seed, [*READERS].index(source)), SECONDS)


@cache
def _clips() -> dict[MotionClip, Motion]:
    return load_clips(default_cache())


@cache
def _people(data: Path, source: str) -> RealPeople:
    return RealPeople(data, [source])


class Drawn:
    """Batches of a training: the k-th is the same whenever it is asked for.

    Args:
        pool: Where examples come from.
        sources: Which of them.
        seed: Of the draws.
        steps: Of the training: later ones draw from more shards, so that not all must be there at once; 0: from all.
    """

    def __init__(self, pool: Pool, sources: tuple[str, ...], seed: int, steps: int) -> None:
        self.pool, self.sources, self.seed, self.steps = pool, sources, seed, steps
        shares = np.array([SHARES[source] for source in sources])
        self.shares = shares / shares.sum()
        self._shard = cache(pool.shard)

    def batch(self, step: int, size: int) -> Arrays:
        """Frames (size, 5, FRAMES, 17) and labels (size, FRAMES)."""
        rng = np.random.default_rng((self.seed, step))
        grown = min(1.0, 0.15 + 2.0 * step / self.steps) if self.steps else 1.0
        frames, labels = [], []
        for source in rng.choice(len(self.sources), size, p=self.shares):
            name = self.sources[source]
            shard = self._shard(name, int(rng.integers(max(1, int(SHARDS[name] * grown)))))
            row = rng.integers(SHARD)
            frames.append(shard[0][row])
            labels.append(shard[1][row])
        return augment(rng, np.stack(frames).astype(np.float32), np.stack(labels).astype(np.int64))


Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]

HIDDEN_GROUPS = ([15, 16], [13, 14, 15, 16], [0, 1, 2, 3, 4], [9], [10], [1, 2, 3, 4], [11, 12])
PAIRS = (((5, 6), (7, 8, 9, 10)), ((11, 12), (13, 14, 15, 16)))
"""Shoulders and hips, each right after left, and the joints that hang on them in the same order."""
EXCHANGED = 0.06
"""Share of examples in which legs are left for right all the time, as depth cameras and pose estimators do."""


def augment(
    rng: np.random.Generator, frames: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], mirror: float = 0.5
) -> Arrays:
    """Vary frames (B, 5, T, 17): mirror, size, shape of the body, hidden or exchanged joints, begin later."""
    count = len(frames)
    mirrored = rng.random(count) < mirror
    frames[mirrored] = frames[mirrored][..., MIRRORED]
    frames[mirrored, 0] *= -1
    frames[mirrored, 3] *= -1
    seen = frames[:, 2:3] > 0
    frames[:, :2] = _another_body(rng, frames[:, :2]) * seen
    scale = np.exp(rng.normal(0, 0.06, (count, 1, 1, 1)))
    frames[:, :2] *= scale * np.exp(rng.normal(0, 0.03, (count, 2, 1, 1)))
    frames[:, 3:] *= scale
    frames[:, :2] += rng.normal(0, 0.012, (count, 2, 1, 17)) * seen
    exchanged = rng.random(count) < EXCHANGED
    frames[exchanged, :3, :, 13:] = frames[exchanged, :3][..., [14, 13, 16, 15]]
    for row in np.flatnonzero(rng.random(count) < 0.15):
        frames[row, :3, :, HIDDEN_GROUPS[rng.integers(len(HIDDEN_GROUPS))]] = 0.0
    for row in np.flatnonzero(rng.random(count) < 0.3):  # came into view in the middle of something
        start = int(rng.integers(frames.shape[2] // 2))
        frames[row] = np.roll(frames[row], -start, 1)
        labels[row] = np.roll(labels[row], -start)
        frames[row, :, frames.shape[2] - start :] = 0.0
        labels[row, frames.shape[2] - start :] = UNLABELLED
    return frames.astype(np.float32), labels


DISTURBED = 0.35
"""Share of examples in which a pose estimator is led astray for moments, as by somebody who passes in front."""
ASTRAY = (3, 20)
"""Frames that such a moment lasts: 0.15 to 1 s."""


def disturb(rng: np.random.Generator, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Lead some of frames (B, 5, T, 17) astray, in a copy: some joints are put on somebody who is beside, the trunk is
    moved there and back, and so the drift leaps and fades."""
    astray = frames.copy()
    length = frames.shape[2]
    for row in np.flatnonzero(rng.random(len(frames)) < DISTURBED):
        for _ in range(int(rng.integers(1, 4))):
            begin, lasts = int(rng.integers(length)), int(rng.integers(*ASTRAY))
            end = min(begin + lasts, length)
            joints = rng.random(skeleton.JOINTS) < rng.uniform(0.2, 0.8)
            offset = rng.normal(0, [0.25, 0.12])[:, None, None]
            there = (astray[row, 2, begin:end] > 0) & joints
            astray[row, :2, begin:end] += (offset + rng.normal(0, 0.06, (2, 1, skeleton.JOINTS))) * there
            astray[row, 2, begin:end] *= np.where(joints, rng.uniform(0.5, 1.0), 1.0)
            leap = rng.normal(0, [0.2, 0.12])[:, None]
            for at, sign in ((begin, 1.0), (end, -1.0)):
                astray[row, 3:, at:] += (sign * leap * skeleton.FORGETTING ** np.arange(length - at))[..., None]
    return astray


def _another_body(rng: np.random.Generator, places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Places (B, 2, T, 17) of a body with wider or narrower shoulders and hips, and other arms and legs."""
    count = len(places)
    whole = places.astype(np.float64)
    whole[:, 1] += skeleton.USUAL_HEIGHTS
    shaped = whole.copy()
    for roots, limbs in PAIRS:
        width, length = np.exp(rng.normal(0, [[0.18], [0.1]], (2, count)))[..., None, None, None]
        middle = whole[..., roots].mean(-1, keepdims=True)
        shaped[..., roots] = middle + width * (whole[..., roots] - middle)
        hung = [*roots, *roots]
        shaped[..., limbs] = shaped[..., hung] + length * (whole[..., limbs] - whole[..., hung])
    shaped[:, 1] -= skeleton.USUAL_HEIGHTS
    return shaped.astype(np.float32)


def main(
    folder: Annotated[Path, typer.Option(help="Where shards are kept.")] = Path("build/actions/pool"),
    sets: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help=SETS)] = Path("../shared/data"),
) -> None:
    """Make all shards that are missing, of each source in turn."""
    pool = Pool(folder, sets / "skeletons")
    for number in range(max(SHARDS.values())):
        for source, count in SHARDS.items():
            done = number * count // max(SHARDS.values()), (number + 1) * count // max(SHARDS.values())
            for shard in range(*done):
                pool.shard(source, shard)


if __name__ == "__main__":
    run_command(main)
