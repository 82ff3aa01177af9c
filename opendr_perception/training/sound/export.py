"""Write a trained network as the model that `sound_classification` loads:
`python -m opendr_perception.training.sound.export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from torch import nn

from opendr_perception.engine.export import export
from opendr_perception.networks.gates import GatedClassifier, Gates
from opendr_perception.networks.sound import SoundNetwork
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read


def load(weights: Path) -> tuple[SoundNetwork, dict[str, object]]:
    """The network of a training, and its card.

    Args:
        weights: the .npz; the card is the .yaml beside it.

    Raises:
        ValueError: the weights do not fit what the card says.
    """
    state, card = read(weights)
    gates = card.get("gates", [])
    network = SoundNetwork(len(card["labels"]) - sum(gates), bands=card["mel"]["bands"], **card["shape"])
    if gates:
        over = Gates(card["shape"]["channels"], gates)
        network.transformer.classifier = GatedClassifier(network.transformer.classifier, over)
    fill(network, state, weights)
    return network, card


def gates_of(network: SoundNetwork) -> list[int]:
    """New labels of each gate over a network."""
    classifier: nn.Module = network.transformer.classifier
    return [*classifier.gates.counts] if isinstance(classifier, GatedClassifier) else []


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export one step of the network, with its labels and features."""
    network, card = load(weights)
    texts = {"labels": json.dumps(card["labels"]), "mel": json.dumps(card["mel"])}
    texts |= {"field": str(card["field"]), "hop": str(card["hop"])}
    export(network, model, softmax=True, metadata=texts)


if __name__ == "__main__":
    run_command(export_weights)
