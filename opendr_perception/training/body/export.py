"""Write Lightweight OpenPose as the model that nodes load: `python -m opendr_perception.training.body.export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.checkpoints import load_checkpoint, read_tensors
from opendr_perception.networks.lightweight_openpose import LightweightOpenPose, WholeImage
from opendr_perception.training.common.command import run_command


def export_openpose(network: LightweightOpenPose, path: Path) -> None:
    """Write a network as an ONNX file for images of any size, as a whole or not at all.

    Args:
        network: it is left in evaluation mode.
        path: the file.
    """
    maps = {0: "N", 2: "h", 3: "w"}
    write_onnx(
        WholeImage(network),
        path,
        {"image": torch.zeros(1, 65, 97, 3, dtype=torch.uint8)},
        ["heatmaps", "fields"],
        {"image": {0: "N", 1: "H", 2: "W"}, "heatmaps": maps, "fields": maps},
    )


def export_weights(
    checkpoint: Annotated[Path, typer.Argument(help="Weights of OpenDR or of the authors, a .pth file.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    refinements: Annotated[int, typer.Option(help="Stages after the first, as in the weights.")] = 1,
) -> None:
    """Export published weights."""
    state = read_tensors(checkpoint)
    network = LightweightOpenPose(refinements)
    load_checkpoint(network, state.get("state_dict", state))
    export_openpose(network, model)


if __name__ == "__main__":
    run_command(export_weights)
