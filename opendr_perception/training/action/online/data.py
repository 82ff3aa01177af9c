"""Continuous streams with begins and ends of actions, as features of a trunk, computed once and kept.

`python -m opendr_perception.training.action.online.data` writes the examples of all trainings of one trunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.networks.action.online import trunk
from opendr_perception.streaming.compose import Sequential
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.data import load_clips
from opendr_perception.training.action.pool import OPEN_ONLY, SETS, Drawn, Pool
from opendr_perception.training.action.real_motion import RealPeople
from opendr_perception.training.action.simulate import Actor, LabelledFrames, render
from opendr_perception.training.action.weights import load
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.zoo.cache import default_cache

WEIGHTS, BLOCKS = Path("opendr_perception/zoo/weights/action-open.npz"), 3
"""Network whose trunk is used, and how much of it: 17 frames."""
BEGUN = round(0.5 * skeleton.RATE)
"""Frames for which an action counts as just begun, from its first labelled one on."""
SHORT = round(0.4 * skeleton.RATE)
"""Gaps of labels in one action that are no end of it."""
TOGETHER = 40
"""Sequences that go through the trunk at once."""
HELD_OUT = ("simulation", *OPEN_ONLY[1:])
SECONDS = 20.0
"""Of a stream in the evaluation."""
SEED = 78_000_000
"""Of the streams in the evaluation; the training never uses it."""

Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Streams:
    """Streams of features.

    Attributes:
        features: (n, C, T) float16.
        labels: (n, T) index of the action, UNLABELLED where nobody could tell.
        begun: (n, T) whether it has just begun.
    """

    features: npt.NDArray[np.float16]
    labels: Labels
    begun: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.features)


def just_begun(labels: npt.NDArray[np.int64] | Labels) -> npt.NDArray[np.bool_]:
    """Find the first BEGUN labelled frames of each action of a stream (T,).

    An action that goes on when the stream begins has not begun in it.
    """
    begun = np.zeros(len(labels), bool)
    judged = np.flatnonzero(labels != UNLABELLED)
    for before, now in pairwise(judged):
        if labels[before] != labels[now] or now - before > SHORT:
            begun[now : now + BEGUN] = labels[now : now + BEGUN] == labels[now]
    return begun


def featured(lower: Sequential, frames: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Streams:
    """Streams of frames (n, 5, T, 17) and labels (n, T), seen by a trunk."""
    found = []
    with torch.inference_mode():
        for row in range(0, len(frames), TOGETHER):
            clip = torch.from_numpy(frames[row : row + TOGETHER]).unsqueeze(-1)
            found.append(lower(clip).numpy().astype(np.float16))
    return Streams(np.concatenate(found), labels.astype(np.int8), np.stack([just_begun(row) for row in labels]))


def read_trunk(weights: Path, blocks: int) -> tuple[Sequential, tuple[str, ...]]:
    """The trunk of an action network, and the labels of its actions."""
    network, card = load(weights)
    return trunk(network.eval(), blocks), tuple(card["labels"])


def keep(path: Path, streams: Streams) -> None:
    """Write streams to a file, as a whole or not at all."""
    with replacing(path, ".npz") as unfinished:
        np.savez(unfinished, features=streams.features, labels=streams.labels, begun=streams.begun)


def kept(path: Path) -> Streams:
    """Read streams that were kept."""
    with open_arrays(path) as arrays:
        return Streams(arrays["features"], arrays["labels"], arrays["begun"])


def held_out(source: str, part: str, data: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Streams of people who are in no training: frames (count, 5, T, 17) and labels (count, T).

    Args:
        source: `simulation`, or a set of recordings.
        part: `validation` or `test`.
        data: Folder of the sets of skeletons.
        count: Number of streams.
    """
    begin = (SEED, part == "test", HELD_OUT.index(source))
    examples = [*_acted(begin, count)] if source == "simulation" else [*_recorded(begin, source, part, data, count)]
    length = round(SECONDS * skeleton.RATE)
    frames = np.zeros((count, skeleton.CHANNELS, length, skeleton.JOINTS), np.float32)
    labels = np.full((count, length), UNLABELLED, np.int64)
    for row, one in enumerate(examples):
        there = min(length, len(one.frames))
        frames[row, :, :there] = one.frames[:there].transpose(1, 0, 2)
        labels[row, :there] = one.labels[:there]
    return frames, labels


def _acted(begin: Sequence[int], count: int) -> Iterator[LabelledFrames]:
    clips = {clip: motion for clip, motion in load_clips(default_cache()).items() if clip.held_out}
    for number in range(count):
        rng = np.random.default_rng((*begin, number))
        yield render(rng, Actor(rng, clips).play(SECONDS + 0.5), held_out=True)


def _recorded(begin: Sequence[int], source: str, part: str, data: Path, count: int) -> Iterator[LabelledFrames]:
    people = RealPeople(data, [source], part)
    for number in range(count):
        yield people.sequence((*begin, number), SECONDS + 0.5)


def main(
    weights: Annotated[Path, typer.Option(help="Action network whose trunk is used, an .npz.")] = WEIGHTS,
    blocks: Annotated[int, typer.Option(help="Blocks of its trunk.")] = BLOCKS,
    count: Annotated[int, typer.Option(help="Sequences to learn from.")] = 4000,
    streams: Annotated[int, typer.Option(help="Of each source, for validation and for testing.")] = 80,
    sets: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help=SETS)] = Path("../shared/data"),
    pool: Annotated[Path, typer.Option(help="Folder of the examples, which are made where missing.")] = Path(
        "build/actions/pool"
    ),
    output: Annotated[Path, typer.Option(help="Folder of the features.")] = Path("build/actions/online"),
) -> None:
    """Compute the features of all streams."""
    torch.set_num_threads(1)
    lower, _ = read_trunk(weights, blocks)
    drawn = Drawn(Pool(pool, sets / "skeletons"), OPEN_ONLY, 11, 0)
    parts = [drawn.batch(step, TOGETHER) for step in range(count // TOGETHER)]
    keep(output / "train.npz", featured(lower, *(np.concatenate(arrays) for arrays in zip(*parts, strict=True))))
    for part in ("validation", "test"):
        for source in HELD_OUT:
            keep(output / f"{part}-{source}.npz", featured(lower, *held_out(source, part, sets / "skeletons", streams)))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
