"""Write a trained suppression network as the model that nodes load.

`python -m opendr_perception.training.nms.export`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor, nn

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.nms.seq2seq import GEOMETRY, FSeq2Nms, PairGraph, Seq2SeqNms
from opendr_perception.training.common.command import run_command
from opendr_perception.training.nms.weights import load


class _Scores(nn.Module):
    """Scores from plain tensors, as ONNX knows them."""

    def __init__(self, network: Seq2SeqNms) -> None:
        super().__init__()
        self.network = network

    def forward(self, *tensors: Tensor) -> Tensor:
        graph, looks = PairGraph(*tensors[:5]), tensors[5:]
        if isinstance(self.network, FSeq2Nms):
            logits = self.network.forward_map(graph, *looks)
        else:
            logits = self.network(graph, *looks)
        return logits.sigmoid()


def export_nms(
    network: Seq2SeqNms, path: Path, *, appearance: bool = False, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a network as an ONNX file, for any number of boxes and pairs, as a whole or not at all.

    Args:
        network: it is left in evaluation mode.
        path: the file.
        appearance: take descriptors (N, 315) as an input (Seq2Seq-NMS). FSeq2-NMS always takes the detector's map.
        metadata: texts to store in the file.
    """
    boxes, pairs = 3, 5
    rows = torch.tensor([0, 0, 1, 1, 2])
    example = {
        "queries": torch.zeros(boxes, GEOMETRY),
        "keys": torch.zeros(pairs, GEOMETRY),
        "rows": rows,
        "columns": torch.tensor([0, 1, 0, 1, 2]),
        "weights": torch.ones(pairs),
    }
    axes = {name: {0: "boxes" if name == "queries" else "pairs"} for name in example} | {"scores": {0: "boxes"}}
    if isinstance(network, FSeq2Nms):
        example["features"] = torch.zeros(network.regions.conv_1.in_channels, 5, 7)
        example["boxes"] = torch.tensor([[0.1, 0.1, 0.5, 0.5]]).repeat(boxes, 1)
        axes |= {"features": {1: "height", 2: "width"}, "boxes": {0: "boxes"}}
    elif appearance:
        example["appearance"] = torch.zeros(boxes, network.size.appearance)
        axes |= {"appearance": {0: "boxes"}}
    write_onnx(_Scores(network), path, example, ["scores"], axes, metadata)


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export the network, geometric or with the detector's features, whichever the weights are of."""
    network = load(weights)
    if not isinstance(network, Seq2SeqNms):
        raise typer.BadParameter("GossipNet is a baseline of trainings, which nodes do not take")
    export_nms(network, model)


if __name__ == "__main__":
    run_command(export_weights)
