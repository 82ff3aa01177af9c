"""Write the small network of expressions as the model that the node loads.

`python -m opendr_perception.training.emotion.compact.export WEIGHTS MODEL.onnx`

    image (N, 48, 48, 3) uint8 rgb  ->  probabilities (N, 7)

The metadata say the labels, the terms, and how a face is cut out (`crop`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import torch
import typer
from rich.console import Console
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from opendr_perception.engine.export import write_onnx
from opendr_perception.evaluate.emotion.sets import read_fer2013
from opendr_perception.networks.emotion.compact import SIZE, Block, CompactNet, equalised, grey
from opendr_perception.networks.gates import GatedCompactNet
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import read
from opendr_perception.training.emotion.compact.calibration import apply, error_of_other_half, fit, logits_of
from opendr_perception.training.emotion.compact.faces import learned_from
from opendr_perception.training.emotion.compact.targets import network_of

Network = TypeVar("Network", bound=nn.Module)

CROP = {"margin": 1.2, "rise": 0.08}
"""Crop of the faces of FER2013, by the boxes that BlazeFace finds in them: the side of the crop, and how far its
middle is above that of the box, over the longer side of the box."""


class Model(nn.Module):
    """From images to probabilities."""

    def __init__(self, network: CompactNet | GatedCompactNet) -> None:
        super().__init__()
        self.network = folded(network)

    def forward(self, image: Tensor) -> Tensor:
        probabilities: Tensor = self.network(equalised(grey(image))).softmax(1)
        return probabilities


def folded(network: Network) -> Network:
    """A copy in evaluation mode whose normalisations are parts of its convolutions, as far as they are not yet."""
    network = copy.deepcopy(network).eval()
    for module in network.modules():
        if isinstance(module, nn.Sequential) and isinstance(norm := module[1], nn.BatchNorm2d):
            assert isinstance(module[0], nn.Conv2d)
            module[0], module[1] = fuse_conv_bn_eval(module[0], norm), nn.Identity()
        elif isinstance(module, Block) and isinstance(module.norm, nn.BatchNorm2d):
            module.second, module.norm = fuse_conv_bn_eval(module.second, module.norm), nn.Identity()
    return network


def export_compact(
    network: CompactNet | GatedCompactNet, path: Path, labels: Sequence[str], texts: Mapping[str, str]
) -> None:
    """Write a network as a model, as a whole or not at all.

    Args:
        network: calibrated.
        path: the file.
        labels: a name for each class.
        texts: more metadata.
    """
    write_onnx(
        Model(network),
        path,
        {"image": torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)},
        ["probabilities"],
        {"image": {0: "faces"}, "probabilities": {0: "faces"}},
        {"labels": json.dumps(list(labels)), "crop": json.dumps(CROP), **texts},
    )


def ship(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    data: Annotated[Path, typer.Option(help="FER2013: its folder, or fer2013.csv.")] = Path("../shared/data/fer2013"),
) -> None:
    """Calibrate the network on faces for validation, and export it."""
    torch.set_num_threads(1)
    network, card = network_of(weights), read(weights)[1]
    crops = read_fer2013(data)
    kept = crops.part == "validation"
    labels = torch.from_numpy(crops.label)
    counts = torch.bincount(labels[learned_from(crops)], minlength=len(crops.labels))
    logits, truth = logits_of(network, crops.images[kept]), labels[torch.from_numpy(kept)]
    calibration = fit(logits, truth, counts)
    Console().print(
        f"temperature {calibration.temperature:.3f}, calibration error with that of the other half "
        f"{error_of_other_half(logits, truth, counts):.3f}"
    )
    apply(network, calibration)
    export_compact(network, model, card["labels"], {"terms": card["terms"]})


if __name__ == "__main__":
    run_command(ship)
