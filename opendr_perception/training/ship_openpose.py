"""Write Lightweight OpenPose as the model that nodes load: `python -m opendr_perception.training.ship_openpose`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import onnx
import torch
import typer

from opendr_perception.files import store
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.lightweight_openpose import LightweightOpenPose, WholePicture

OPSET = 18


def export_openpose(network: LightweightOpenPose, path: Path) -> None:
    """Write a network as an ONNX file for pictures of any size, as a whole or not at all.

    Args:
        network: in evaluation mode.
        path: the file.

    Raises:
        RuntimeError: the network is in training mode.
    """
    if network.training:
        raise RuntimeError("export is for inference: call eval() first")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    maps = {0: "N", 2: "h", 3: "w"}
    try:
        torch.onnx.export(
            WholePicture(network).eval(),
            (torch.zeros(1, 65, 97, 3, dtype=torch.uint8),),
            str(unfinished),
            input_names=["image"],
            output_names=["heatmaps", "fields"],
            dynamic_axes={"image": {0: "N", 1: "H", 2: "W"}, "heatmaps": maps, "fields": maps},
            opset_version=OPSET,
            dynamo=False,
        )
        onnx.checker.check_model(str(unfinished))
        store(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def ship(
    checkpoint: Annotated[Path, typer.Argument(help="Weights of OpenDR or of the authors, a .pth file.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    refinements: Annotated[int, typer.Option(help="Stages after the first, as in the weights.")] = 1,
) -> None:
    """Export published weights."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = LightweightOpenPose(refinements)
    load_checkpoint(network, state.get("state_dict", state))
    export_openpose(network.eval(), model)


if __name__ == "__main__":
    typer.run(ship)
