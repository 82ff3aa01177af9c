"""Weights of a video network, as its training writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from opendr_perception.networks.activity.resnet import CoVideoResNet
from opendr_perception.networks.activity.x3d import CoX3D, Size
from opendr_perception.training.common.weights import fill, read

MEAN, DEVIATION = 0.45, 0.225
"""Of the colours in [0, 1], as of the public networks."""


VideoNetwork = CoX3D | CoVideoResNet


@dataclass(frozen=True)
class NetworkShape:
    """Shape of a causal video network: a CoX3D, or, with a layout, a ResNet.

    Attributes:
        side: Pixels of its images.
        frames: Of the clips that a CoX3D was made for.
        depth, width, hidden: As of `networks.activity.x3d.Size`.
        horizons: Frames of its pools.
        layout: As of `networks.activity.resnet`, '' for a CoX3D.
    """

    side: int = 96
    frames: int = 12
    depth: float = 1.0
    width: float = 1.0
    hidden: int = 256
    horizons: tuple[int, ...] = (4, 12, 32)
    layout: str = ""


def build(shape: NetworkShape, classes: int) -> VideoNetwork:
    """A new network."""
    if shape.layout:
        return CoVideoResNet(shape.layout, classes, tuple(shape.horizons), "causal", partial=True)
    size = Size(shape.frames, shape.side, shape.depth, shape.width, shape.hidden)
    return CoX3D(size, classes, tuple(shape.horizons), "causal", partial=True)


def load(path: Path) -> tuple[VideoNetwork, dict[str, Any]]:
    """Read a network and its card.

    Args:
        path: The .npz; the card is the .yaml beside it.

    Raises:
        ValueError: The weights do not fit what the card says.
    """
    state, card = read(path)
    network = build(NetworkShape(**card["shape"]), len(card["labels"]))
    fill(network, {name: value.float() if value.is_floating_point() else value for name, value in state.items()}, path)
    return network, card


def normalised(images: Tensor) -> Tensor:
    """Clips (B, 3, T, H, W) for the network, of images (B, T, H, W, 3) uint8 RGB."""
    return (images.permute(0, 4, 1, 2, 3).to(torch.float32) / 255.0 - MEAN) / DEVIATION
