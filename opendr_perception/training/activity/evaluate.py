"""Measure a video network on films of people, motions, cameras and rooms that it has not seen.

`python -m opendr_perception.training.activity.evaluate WEIGHTS.npz FILMS`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from opendr_perception.training.activity.data import Films, read_films
from opendr_perception.training.activity.weights import VideoNetwork, load, normalised
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.training.common.command import run_command

FIRST = 6
"""Frames of a film before the first one that is judged: nobody could tell."""
TOGETHER = 10


@dataclass(frozen=True)
class Right:
    """Shares of what a horizon says that are right.

    Attributes:
        frames: Share of the frames.
        activities: Share of the frames of each activity that there is, by name.
    """

    frames: float
    activities: dict[str, float]

    @property
    def mean(self) -> float:
        """Mean over the activities."""
        return float(np.mean([*self.activities.values()]))


def measured(network: VideoNetwork, films: Films, labels: list[str]) -> dict[int, Right]:
    """Measure each horizon of a network in evaluation mode, frame by frame."""
    found = []
    with torch.inference_mode():
        for row in range(0, len(films), TOGETHER):
            answers = network(normalised(torch.from_numpy(films.images[row : row + TOGETHER]))).argmax(1)
            found.append(answers if answers.ndim == 3 else answers.unsqueeze(-1))
    named = torch.cat(found).numpy()
    judged = films.labels != UNLABELLED
    judged[:, :FIRST] = False
    right = {}
    for place, horizon in enumerate(network.horizons):
        hits = named[..., place] == films.labels
        shown = [number for number in range(len(labels)) if (judged & (films.labels == number)).any()]
        shares = {labels[k]: float(hits[judged & (films.labels == k)].mean()) for k in shown}
        right[horizon] = Right(float(hits[judged].mean()), shares)
    return right


def main(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    films: Annotated[Path, typer.Argument(help="Folder of rendered films.")],
    part: Annotated[str, typer.Option(help="Which of them: test or train.")] = "test",
    limit: Annotated[int, typer.Option(help="So many shards at most.")] = 4,
) -> None:
    """Print how often the network is right."""
    torch.set_num_threads(1)
    network, card = load(weights)
    found = measured(network, read_films(films, part, limit), card["labels"])
    table = Table("", *(f"horizon {horizon}" for horizon in found))
    table.add_row("frames", *(f"{right.frames:.0%}" for right in found.values()))
    table.add_row("mean over activities", *(f"{right.mean:.0%}" for right in found.values()))
    for label in next(iter(found.values())).activities:
        table.add_row(label, *(f"{right.activities[label]:.0%}" for right in found.values()))
    Console().print(table)


if __name__ == "__main__":
    run_command(main)
