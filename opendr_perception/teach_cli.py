"""Command line: opendr-perception teach {actions}."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Teach the robot what its people do.", no_args_is_help=True, add_completion=False)

NEEDED = ("torch", "onnx")
"""Packages that only teaching needs; nodes run without them."""


@app.callback()
def _teach() -> None:
    """Keep the name of the command, while there is only one."""


@app.command(
    epilog="Example: opendr-perception teach actions monday.mp4 --labels monday.csv --output lab.onnx; then "
    "model:=lab.onnx of action_recognition"
)
def actions(
    recordings: Annotated[list[Path], typer.Argument(help="Films, bags, folders of images; or skeletons, .npz.")],
    output: Annotated[Path, typer.Option(help="The .onnx file to write; its card lies beside it.")],
    labels: Annotated[
        Path | None, typer.Option(help="A CSV file with the columns begin, end, label, and recording for several.")
    ] = None,
    model: Annotated[str, typer.Option(help="What to begin with: of the zoo, or one that was taught before.")] = (
        "action-research"
    ),
    adapter: Annotated[str, typer.Option(help="splora, lora, or none: train all weights.")] = "splora",
    keep: Annotated[float, typer.Option(help="Share of the channels to keep; a smaller network is faster.")] = 1.0,
    rank: Annotated[int, typer.Option(help="Of adapters: more can learn more, and forget more.", min=1)] = 8,
    steps: Annotated[int, typer.Option(help="Batches to learn from.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Of all that is random.", min=0)] = 0,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Left and right make no difference: learn both from one.")
    ] = False,
    pose_model: Annotated[
        str, typer.Option(help="Of the poses in films; take that of the robot's pose_estimation.")
    ] = ("movenet-lightning"),
    threads: Annotated[int, typer.Option(help="Cores to use.", min=1)] = 1,
) -> None:
    """Learn actions from a few recordings beside those that a model knows, and write a model for the node."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        typer.echo(f"error: teaching needs {' and '.join(missing)}: pip install {' '.join(missing)}", err=True)
        raise typer.Exit(1)
    from opendr_perception.training.action.teaching import (  # here: only teaching needs torch
        TeachingPlan,
        teach_actions,
    )

    try:
        plan = TeachingPlan(adapter=adapter, keep=keep, rank=rank, steps=steps, seed=seed, mirror=0.5 * mirror)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(teach_actions(recordings, labels, output, model, pose_model, plan, threads))
