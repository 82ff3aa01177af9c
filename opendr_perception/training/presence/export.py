"""Write a trained network of human presence as the model that nodes load: `python -m ...training.presence.export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.human_presence import HumanPresenceNetwork
from opendr_perception.training.common.command import run_command
from opendr_perception.training.presence.train import load

ABREAST = 8
"""Cells in a row that the last convolution decides at once, as its channels: onnxruntime computes eight at a time."""


class _Probabilities(nn.Module):
    """Probabilities (N, h, w) of somebody from images (N, H, W, 3) uint8 BGR.

    The softmax over two classes is the sigmoid of their difference, so the last convolution has one output. It is
    computed for eight neighbouring cells at once, which is the same sum with zeros in between: alone it would take as
    long as all other layers. Brightness and the order of colours are part of the first weights.
    """

    def __init__(self, network: HumanPresenceNetwork) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            network.conv1_1.weight.copy_(network.conv1_1.weight.flip(1) / 255)
            weight = network.conv_dec.weight[1] - network.conv_dec.weight[0]
            bias = network.conv_dec.bias[1] - network.conv_dec.bias[0]  # type: ignore[index]  # it has one
        self.side = weight.shape[-1]
        shifted = [F.pad(weight, (k, ABREAST - 1 - k)) for k in range(ABREAST)]
        self.weight, self.bias = nn.Parameter(torch.stack(shifted)), nn.Parameter(bias.repeat(ABREAST))

    def forward(self, images: Tensor) -> Tensor:
        features = self.network.features(images.permute(0, 3, 1, 2).float())
        padded = F.pad(features, (0, ABREAST - 1, 0, 0))
        cells = F.conv2d(padded, self.weight, self.bias, stride=(1, ABREAST))
        logits = cells.permute(0, 2, 3, 1).flatten(2)[:, :, : features.shape[3] - self.side + 1]
        return logits.sigmoid()


def export_presence(network: HumanPresenceNetwork, path: Path) -> None:
    """Write a network as an ONNX file for images of any size, as a whole or not at all.

    The file also says where its cells lie: `stride`, and the `offset` of the first one, in pixels.

    Args:
        network: it cannot be used after that.
        path: the file.
    """
    write_onnx(
        _Probabilities(network),
        path,
        {"image": torch.zeros(1, 96, 128, 3, dtype=torch.uint8)},
        ["presence"],
        {"image": {0: "N", 1: "H", 2: "W"}, "presence": {0: "N", 1: "h", 2: "w"}},
        {"stride": str(network.stride), "offset": str(network.offset)},
    )


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Export the network of either architecture."""
    export_presence(load(weights), model)


if __name__ == "__main__":
    run_command(export_weights)
