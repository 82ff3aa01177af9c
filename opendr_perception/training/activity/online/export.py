"""Write a trained detector over a video network as a model for `video_activity`, which then tells what begins.

`python -m opendr_perception.training.activity.online.export`
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.engine.export import export
from opendr_perception.training.action.online.export import calibrated
from opendr_perception.training.activity.export import texts
from opendr_perception.training.activity.online.data import WEIGHTS, read_trunk
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import read


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    trunk: Annotated[Path, typer.Option(help="Video network whose trunk was used, an .npz.")] = WEIGHTS,
    folder: Annotated[Path, typer.Option(help="Of the features.")] = Path("build/activity/online"),
) -> None:
    """Calibrate a detector, and export one step of it with its labels, and what it wants of images and rate."""
    below = read_trunk(trunk)
    whole, temperature = calibrated(weights, below, folder)
    _, card = read(trunk)
    told = texts(card, int(card["shape"]["side"]), [whole.over.receptive_field])
    export(whole, model, softmax=True, metadata=told)
    typer.echo(f"wrote {model}: temperature {temperature:.2f}")


if __name__ == "__main__":
    run_command(export_weights)
