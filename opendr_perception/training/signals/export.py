"""Write a trained network as the model that `heart_anomaly` loads:
`python -m opendr_perception.training.signals.export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from opendr_perception.engine.export import export
from opendr_perception.networks.signals.continual import BeatNetwork, HeartSoundNetwork
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read

TOLD = ("labels", "kind", "by_beat", "mel", "field", "hop")
"""Metadata that a model carries."""


def load(weights: Path) -> tuple[BeatNetwork | HeartSoundNetwork, dict[str, Any]]:
    """The network of a training, and its card.

    Args:
        weights: the .npz; the card is the .yaml beside it.

    Raises:
        ValueError: the weights do not fit what the card says.
    """
    state, card = read(weights)
    build = HeartSoundNetwork if card["kind"] == "pcg" else BeatNetwork
    network = build(len(card["labels"]), **card["shape"])
    fill(network, state, weights)
    return network, card


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export one step of the network, with its labels and features."""
    network, card = load(weights)
    heart = {name: card[name] for name in TOLD if name in card}
    export(network, model, softmax=True, metadata={"heart": json.dumps(heart)})


if __name__ == "__main__":
    run_command(export_weights)
