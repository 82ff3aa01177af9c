"""Continuous films of people who do one thing after another, as features of a video network, computed once and kept.

`python -m opendr_perception.training.activity.online.data`

They are cut to the person, as `video_activity` does with `per_person`: in so many seconds people walk so far that in
the image of a camera that stands still they would be a few pixels high.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor

from opendr_perception.networks.activity.trunk import AfterTrunk, VideoTrunk
from opendr_perception.training.action.online.data import SECONDS, Streams, Trunk, featured, keep
from opendr_perception.training.activity.data import Labels, cast
from opendr_perception.training.activity.simulate import FRAME_RATE, film
from opendr_perception.training.activity.weights import load, normalised
from opendr_perception.training.common.command import run_command

WEIGHTS = Path("opendr_perception/zoo/weights/activity-simulated.npz")
"""Network whose trunk is used."""
FRAMES = round(SECONDS * FRAME_RATE)
"""Of a stream."""
SEED = 79_000_000
"""Of the streams; no other training uses it."""
PARTS = ("train", "validation", "test")
TOGETHER = 5
"""Films that go through the trunk at once."""


def read_trunk(weights: Path) -> Trunk:
    """The trunk of a video network."""
    network, card = load(weights)
    lower = VideoTrunk(network.blocks, card["shape"]["side"])
    return Trunk(weights.stem, lower.eval(), AfterTrunk(network.blocks))


def drawn(part: str, count: int, frames: int, side: int) -> Iterator[tuple[Tensor, Labels]]:
    """Batches of films for a video network (n, 3, frames, side, side), and labels (n, frames).

    Args:
        part: One of PARTS; people, motions, cameras and rooms of all but the first are those of the evaluation.
        count: Number of films.
        frames: Of each.
        side: Pixels.
    """
    who = cast(part != "train")
    for first in range(0, count, TOGETHER):
        seeds = ((SEED, PARTS.index(part), number) for number in range(first, min(count, first + TOGETHER)))
        films = [film(np.random.default_rng(seed), who, frames, side, cut=1.0) for seed in seeds]
        yield normalised(torch.from_numpy(np.stack([images for images, _ in films]))), np.stack([y for _, y in films])


def seen(below: Trunk, part: str, count: int, frames: int = FRAMES) -> Streams:
    """Streams of a part as features of a trunk."""
    assert below.lower.frame_shape is not None
    return featured(below.lower, drawn(part, count, frames, below.lower.frame_shape[1]), FRAME_RATE)


def main(
    weights: Annotated[Path, typer.Option(help="Video network whose trunk is used, an .npz.")] = WEIGHTS,
    count: Annotated[int, typer.Option(help="Streams to learn from.")] = 600,
    streams: Annotated[int, typer.Option(help="For validation, and as many for testing.")] = 80,
    output: Annotated[Path, typer.Option(help="Folder of the features.")] = Path("build/activity/online"),
) -> None:
    """Draw streams, and compute the features of all of them."""
    torch.set_num_threads(1)
    below = read_trunk(weights)
    for part, wanted in zip(PARTS, (count, streams, streams), strict=True):
        name = part if part == "train" else f"{part}-simulation"
        keep(output / f"{name}.npz", seen(below, part, wanted))
        typer.echo(f"wrote {output / name}.npz")


if __name__ == "__main__":
    run_command(main)
