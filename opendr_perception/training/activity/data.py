"""Films on disk, so that trainings share them: `python -m opendr_perception.training.activity.data FOLDER`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.training.action.data import load_clips
from opendr_perception.training.activity.bodies import clouds
from opendr_perception.training.activity.simulate import Cast, Film, film
from opendr_perception.training.common.command import run_command
from opendr_perception.zoo.cache import default_cache

SHARD = 50
"""Films in a file."""
POINTS = 3000
"""Of a body: as dense as the pixels of a person who fills an image of 96 pixels."""
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Films:
    """Films of one part: (N, T, side, side, 3) uint8 RGB and labels (N, T)."""

    images: Film
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@cache
def cast(held_out: bool) -> Cast:
    """People of the training, or of the evaluation."""
    clips = {clip: motion for clip, motion in load_clips(default_cache()).items() if clip.held_out == held_out}
    return Cast(clouds(POINTS, held_out), clips, held_out)


def shard(number: int, frames: int, side: int, held_out: bool, seed: int = 1) -> Films:
    """Draw the films of a shard; it is the same whenever it is asked for."""
    rng = np.random.default_rng((seed, int(held_out), number))
    made = [film(rng, cast(held_out), frames, side) for _ in range(SHARD)]
    return Films(np.stack([images for images, _ in made]), np.stack([labels for _, labels in made]))


def write_shard(path: Path, number: int, frames: int, side: int, held_out: bool) -> Path:
    """Draw a shard into a file, as a whole or not at all, if it is not there."""
    if not path.exists():
        films = shard(number, frames, side, held_out)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, ".npz") as unfinished:
            np.savez(unfinished, images=films.images, labels=films.labels.astype(np.int8))
    return path


def read_films(folder: Path, part: str, limit: int | None = None) -> Films:
    """Read the shards of a part, 'train' or 'test'.

    Raises:
        FileNotFoundError: there are none; the text says how to make them.
    """
    paths = sorted(folder.glob(f"{part}-*.npz"))[:limit]
    if not paths:
        raise FileNotFoundError(f"{folder} has no films for '{part}'; make them: python -m {__name__} {folder}")
    read = list(_read(paths))
    return Films(np.concatenate([each.images for each in read]), np.concatenate([each.labels for each in read]))


def _read(paths: list[Path]) -> Iterator[Films]:
    for path in paths:
        with open_arrays(path) as arrays:
            yield Films(arrays["images"], arrays["labels"].astype(np.int64))


def main(
    folder: Annotated[Path, typer.Argument(help="Where films are kept.")],
    train: Annotated[int, typer.Option(help="Shards of 50 films to train with.")] = 40,
    test: Annotated[int, typer.Option(help="Shards with held-out people, motions, cameras and rooms.")] = 4,
    frames: Annotated[int, typer.Option(help="Of a film, at about 6 Hz.")] = 20,
    side: Annotated[int, typer.Option(help="Pixels of an image.")] = 96,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Draw the films that are missing, some of both parts first."""
    wanted = sorted([*((k, "train") for k in range(train)), *((4 * k, "test") for k in range(test))])
    with ProcessPoolExecutor(workers) as pool:
        jobs = []
        for order, part in wanted:
            number = order // 4 if part == "test" else order
            path = folder / f"{part}-{number:03d}.npz"
            jobs.append(pool.submit(write_shard, path, number, frames, side, part == "test"))
        for job in jobs:
            print(job.result(), flush=True)


if __name__ == "__main__":
    run_command(main)
