"""Write a trained action network as the model that the node loads: `python -m opendr_perception.training.ship`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.engine.export import export
from opendr_perception.tasks import skeleton
from opendr_perception.training.network import FIELD
from opendr_perception.training.weights import load


def ship(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export one step of the network, with its labels."""
    network, card = load(weights)
    texts = {"labels": json.dumps(card["labels"]), "skeleton_version": str(skeleton.VERSION)}
    export(network, model, softmax=True, blank=FIELD - 1, metadata=texts)


if __name__ == "__main__":
    typer.run(ship)
