"""Continuous streams with begins and ends of actions, as features of a trunk, computed once and kept.

A trunk is the lower part of a network that was trained before: of skeletons here, of video in `training.activity`.

`python -m opendr_perception.training.action.online.data` writes the examples of all trainings of one trunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer
from torch import Tensor, nn

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.networks.action.online import rest, trunk
from opendr_perception.streaming.contract import Streaming
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.data import load_clips
from opendr_perception.training.action.pool import OPEN_ONLY, SETS, Drawn, Pool
from opendr_perception.training.action.real_motion import RealPeople
from opendr_perception.training.action.simulate import Actor, LabelledFrames, render
from opendr_perception.training.action.weights import load
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.training.common.command import run_command
from opendr_perception.zoo.cache import default_cache

WEIGHTS, BLOCKS = Path("opendr_perception/zoo/weights/action-open.npz"), 3
"""Network whose trunk is used, and how much of it: 17 frames."""
BEGUN = 0.5
"""Seconds for which an action counts as just begun, from its first labelled frame on."""
SHORT = 0.4
"""Seconds: shorter gaps of labels in one action are no end of it."""
UNJUDGED = 0.2
"""First seconds of a stream, in which nobody could tell."""
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
        rate: Frames in a second.
    """

    features: npt.NDArray[np.float16]
    labels: Labels
    begun: npt.NDArray[np.bool_]
    rate: float

    def __len__(self) -> int:
        return len(self.features)

    @property
    def unjudged(self) -> int:
        """First frames of a stream, or of a piece of one, in which nobody could tell."""
        return frames_in(UNJUDGED, self.rate)


@dataclass(frozen=True)
class Trunk:
    """The lower part of a network that was trained before.

    Attributes:
        name: Of the network.
        lower: Frames (B, c, T, ...) to features (B, C, T), causal.
        rest: What follows it in its own network: features to logits (B, K, T).
    """

    name: str
    lower: Streaming
    rest: nn.Module


def frames_in(seconds: float, rate: float) -> int:
    """Frames in a time, at least one."""
    return max(1, round(seconds * rate))


def just_begun(labels: npt.NDArray[np.int64] | Labels, rate: float) -> npt.NDArray[np.bool_]:
    """Find the labelled frames of each action of a stream (T,) that lie in its first BEGUN seconds.

    An action that goes on when the stream begins has not begun in it.
    """
    for_so_long, short = frames_in(BEGUN, rate), frames_in(SHORT, rate)
    begun = np.zeros(len(labels), bool)
    judged = np.flatnonzero(labels != UNLABELLED)
    for before, now in pairwise(judged):
        if labels[before] != labels[now] or now - before > short:
            begun[now : now + for_so_long] = labels[now : now + for_so_long] == labels[now]
    return begun


def featured(lower: nn.Module, batches: Iterable[tuple[Tensor, npt.NDArray[np.int64]]], rate: float) -> Streams:
    """Streams as a trunk sees them, given as batches of frames (n, c, T, ...) and labels (n, T)."""
    found, labels = [], []
    with torch.inference_mode():
        for frames, told in batches:
            found.append(lower(frames).numpy().astype(np.float16))
            labels.append(told)
    every = np.concatenate(labels)
    begun = np.stack([just_begun(row, rate) for row in every])
    return Streams(np.concatenate(found), every.astype(np.int8), begun, rate)


def read_trunk(weights: Path, blocks: int) -> Trunk:
    """The first blocks of an action network."""
    network, _ = load(weights)
    return Trunk(weights.stem, trunk(network, blocks), rest(network, blocks))


def keep(path: Path, streams: Streams) -> None:
    """Write streams to a file, as a whole or not at all."""
    with replacing(path, ".npz") as unfinished:
        np.savez(unfinished, features=streams.features, labels=streams.labels, begun=streams.begun, rate=streams.rate)


def kept(path: Path) -> Streams:
    """Read streams that were kept."""
    with open_arrays(path) as arrays:
        return Streams(arrays["features"], arrays["labels"], arrays["begun"], float(arrays["rate"]))


def sources(folder: Path, part: str) -> dict[str, Streams]:
    """The streams of a part, `validation` or `test`, that were kept, by their source."""
    return {path.stem.removeprefix(f"{part}-"): kept(path) for path in sorted(folder.glob(f"{part}-*.npz"))}


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


def _batches(frames: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Iterator[tuple[Tensor, np.ndarray]]:
    for row in range(0, len(frames), TOGETHER):
        yield torch.from_numpy(frames[row : row + TOGETHER]).unsqueeze(-1), labels[row : row + TOGETHER]


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
    lower, rate = read_trunk(weights, blocks).lower, skeleton.RATE
    drawn = Drawn(Pool(pool, sets / "skeletons"), OPEN_ONLY, 11, 0)
    learnt = (batch for step in range(count // TOGETHER) for batch in _batches(*drawn.batch(step, TOGETHER)))
    keep(output / "train.npz", featured(lower, learnt, rate))
    for part in ("validation", "test"):
        for source in HELD_OUT:
            seen = _batches(*held_out(source, part, sets / "skeletons", streams))
            keep(output / f"{part}-{source}.npz", featured(lower, seen, rate))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    run_command(main)
