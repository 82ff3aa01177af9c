"""Write a trained action network as the model that the node loads.

`python -m opendr_perception.training.action.export`
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.calibration import apply_temperature, temperature_of
from opendr_perception.training.action.data import load_clips
from opendr_perception.training.action.evaluate import by_model, evaluate, table
from opendr_perception.training.action.pool import SETS
from opendr_perception.training.action.weights import load
from opendr_perception.training.common.command import run_command
from opendr_perception.zoo.cache import default_cache

LENGTH = 128
"""Frames of a simulated sequence in the evaluation."""


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    sets: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help=SETS)] = Path("../shared/data"),
    trials: Annotated[int, typer.Option(help="Simulated sequences in the evaluation.")] = 300,
) -> None:
    """Calibrate the network on persons for validation, export one step of it with its labels, and measure that."""
    torch.set_num_threads(1)
    network, card = load(weights)
    console = Console()
    temperature = temperature_of(network, sets / "skeletons", card["sources"])
    console.print(f"temperature {temperature:.2f}")
    apply_temperature(network, temperature)
    texts = {
        "labels": json.dumps(card["labels"]), "skeleton_version": str(skeleton.VERSION), "terms": card["terms"],
    }  # fmt: skip
    export(network, model, softmax=True, metadata=texts)
    result = evaluate(by_model(Session(model)), load_clips(default_cache()), trials, LENGTH)
    console.print(table(result))
    console.print(result["confused"])


if __name__ == "__main__":
    run_command(export_weights)
