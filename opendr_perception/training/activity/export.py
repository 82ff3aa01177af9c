"""Write a trained video network as the model that `video_activity` loads:
`python -m opendr_perception.training.activity.export`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.engine.export import export
from opendr_perception.training.activity.simulate import FRAME_RATE
from opendr_perception.training.activity.weights import DEVIATION, MEAN, load
from opendr_perception.training.common.command import run_command


def texts(card: Mapping[str, object], side: int, horizons: Sequence[int]) -> dict[str, str]:
    """Description of a model in its file: labels, terms, images, rate, and the frames that its answers look back at."""
    told = {
        "side": side, "rate": FRAME_RATE, "horizons": list(horizons),
        "mean": MEAN, "deviation": DEVIATION,
    }  # fmt: skip
    return {
        "labels": json.dumps(card["labels"]), "activity": json.dumps(told), "terms": str(card.get("terms", "open")),
    }  # fmt: skip


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export one step of the network, with its labels, and what it wants of images and rate."""
    network, card = load(weights)
    side = int(card["shape"]["side"])
    export(network, model, (3, side, side), softmax=True, metadata=texts(card, side, network.horizons))


if __name__ == "__main__":
    run_command(export_weights)
