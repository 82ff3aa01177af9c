"""Video networks as a robot runs them: the same answers from two-dimensional convolutions.

A step sees one frame, so nothing in it needs a third dimension, and runtimes have their fast kernels for two.

* Batch norms go into the weights of the convolutions before them.
* A temporal convolution multiplies each frame by each of its taps as it comes, and keeps the sums that wait for later
  frames as a tensor each: to shift the queue is to rename its tensors, and to add to it is the end of a convolution.
* Channels of depthwise convolutions are filled up to a multiple of 8, without which runtimes fall back to slow ones.
* What must not be remembered while a network fills is blanked where it comes in, which is one map, not the memory.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import nn

from opendr_perception.networks.activity.head import FrameFeatures, Head
from opendr_perception.networks.activity.planar_blocks import (
    PlanarConv,
    PlanarFeatures,
    PlanarGate,
    PlanarHead,
    PlanarLayer,
    PlanarNetwork,
    PlanarResidual,
)
from opendr_perception.networks.activity.residual import SqueezeGate, VideoBlock
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.conv import Conv3d

LANES = 8
"""Channels that a runtime's kernels take at once."""


@torch.no_grad()
def planar(network: Sequential) -> PlanarNetwork:
    """Make the planar form of a continual video network; weights are copied, and the network is left as it is."""
    return PlanarNetwork(list(_layers(network)))


def _layers(chain: Sequential) -> list[Streaming]:
    """The planar blocks of a chain."""
    blocks: list[Streaming] = []
    width = 0  # with the channels that were filled up; 0 where none were
    layers = list(_flat(chain))
    while layers:
        layer = layers.pop(0)
        if isinstance(layer, VideoBlock):
            blocks.append(PlanarResidual(layer, PlanarNetwork(_layers(layer.branch2))))
        elif isinstance(layer, Head):
            blocks.append(PlanarHead(layer))
        elif isinstance(layer, FrameFeatures):
            blocks.append(PlanarFeatures(layer.projection))
        elif isinstance(layer, (nn.Conv3d, Conv3d)):
            behind = layers[0] if layers else None
            norm = behind if isinstance(behind, nn.BatchNorm3d) else None
            if norm is not None:
                layers.pop(0)
            act = layers.pop(0) if layers and isinstance(layers[0], (nn.ReLU, nn.SiLU)) else None
            into = width or layer.in_channels
            width = _filled_up(layer, layers)
            blocks.append(PlanarConv(layer, norm, act, (into, width or layer.out_channels)))
        elif isinstance(layer, SqueezeGate):
            blocks.append(PlanarGate(layer, width or cast(nn.Conv3d, layer.block[0]).in_channels, layers.pop(0)))
        elif isinstance(layer, nn.MaxPool3d):
            kernel, stride, padding = (
                cast("tuple[int, int, int]", size)[1:] for size in (layer.kernel_size, layer.stride, layer.padding)
            )
            blocks.append(PlanarLayer(nn.MaxPool2d(kernel, stride, padding)))
        elif isinstance(layer, Streaming):
            blocks.append(copy.deepcopy(layer))
        else:
            raise TypeError(f"{type(layer).__name__} has no planar form")
    return blocks


def _flat(chain: Iterable[nn.Module]) -> Iterable[nn.Module]:
    for layer in chain:
        if isinstance(layer, nn.Sequential):
            yield from _flat(layer)
        elif not isinstance(layer, nn.Identity):
            yield layer


def _filled_up(conv: nn.Module, after: Sequence[nn.Module]) -> int:
    """So many channels shall come out of a convolution, if it is depthwise or leads into one; 0 for as they are."""
    following = next((layer for layer in after if isinstance(layer, (nn.Conv3d, Conv3d))), None)
    depthwise = [layer for layer in (conv, following) if isinstance(layer, Conv3d) and layer.groups > 1]
    if not depthwise:
        return 0
    return -(-depthwise[0].in_channels // LANES) * LANES
