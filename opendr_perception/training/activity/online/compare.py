"""Measure networks for online detection over a video network, on people who were in no training.

`python -m opendr_perception.training.activity.online.compare FILE.json`

What is measured is said in `training.action.online.compare`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.training.action.online.compare import write
from opendr_perception.training.activity.online.data import WEIGHTS, read_trunk
from opendr_perception.training.common.command import run_command


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    folder: Annotated[Path, typer.Option(help="Of features and weights.")] = Path("build/activity/online"),
    part: Annotated[str, typer.Option(help="validation or test.")] = "test",
    seeds: Annotated[int, typer.Option(help="Trainings of each network.")] = 3,
    weights: Annotated[Path, typer.Option(help="Video network whose trunk was used, an .npz.")] = WEIGHTS,
) -> None:
    """Measure all networks that were trained, and write down the figures."""
    write(output, folder, part, seeds, read_trunk(weights))


if __name__ == "__main__":
    run_command(main)
