"""Write a trained action network as the model that the node loads.

`python -m opendr_perception.training.action.export`
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from opendr_perception.engine.export import export
from opendr_perception.engine.quantise import quantise
from opendr_perception.engine.session import Session
from opendr_perception.networks.action.live import FIELD
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.data import load_clips
from opendr_perception.training.action.evaluate import by_model, evaluate
from opendr_perception.training.action.train import Settings
from opendr_perception.training.action.weights import load
from opendr_perception.zoo.cache import default_cache


def ship(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    int8: Annotated[
        bool, typer.Option("--int8", help="Write <model>-int8.onnx too, and compare the accuracy of both.")
    ] = False,
    trials: Annotated[int, typer.Option(help="Sequences in the comparison.")] = 300,
) -> None:
    """Export one step of the network, with its labels."""
    network, card = load(weights)
    texts = {"labels": json.dumps(card["labels"]), "skeleton_version": str(skeleton.VERSION)}
    export(network, model, softmax=True, blank=FIELD - 1, metadata=texts)
    if int8:
        small = model.with_name(f"{model.stem}-int8{model.suffix}")
        quantise(model, small)
        clips = load_clips(default_cache())
        for path in (model, small):
            found = evaluate(by_model(Session(path)), clips, trials, Settings.frames)
            Console().print(f"{path.name}: {found['mean of actions']} in {found['frames']} frames")


if __name__ == "__main__":
    typer.run(ship)
