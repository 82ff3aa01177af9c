"""The action network: CoST-GCN* for one person per stream, made for answers about now.

CoST-GCN* [Hedegaard 2023] adds to each convolution over 9 frames the frame in their middle, 4 frames late: after ten
blocks an answer is about the moment 40 frames ago, which does not matter for whole clips. Here the shortcut takes the
newest frame, so that the network can answer about the present, and the convolutions begin with most weight on it.
Parameters and their names are those of CoST-GCN*.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.skeleton_network import KERNEL, SpatioTemporalBlock
from opendr_perception.streaming.compose import Delay, Sequential
from opendr_perception.streaming.graph import GraphConvolution

CHANNELS = 5
"""Of a joint in a frame of `tasks.action.skeleton`."""

FIELD = 81
"""Frames that one output depends on: ten convolutions of nine frames."""

OPENNESS = 0.5
"""Share with which graph convolutions begin. From their own 1e-6 a short training takes long to open them."""

MEMORY = 3.0
"""Frames after which the weight of the past is less by a factor of e at the beginning."""


class NewestBlock(SpatioTemporalBlock):
    """A block without padding and stride whose shortcut takes the newest frame; see `SpatioTemporalBlock`."""

    def __init__(self, gcn: nn.Module, in_channels: int, out_channels: int, *, residual: bool = True) -> None:
        super().__init__(gcn, in_channels, out_channels, residual=residual)
        self.align = Delay(0)
        self.memories = self.tcn.memories

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (N, c_in, T, V) to (N, c_out, T - 8, V)."""
        output = self.tcn(self.gcn(clip))
        if self.residual is not None:
            output = output + self.residual(clip[:, :, KERNEL - 1 :])
        return F.relu(output)


class ActionNetwork(CoStGcn):
    """Scores actions from frames (N, 5, 17, 1) of `tasks.action.skeleton`.

    Args:
        num_classes: Number of actions.
        width: Channels of the first blocks; the middle ones have twice, the last four times as many.
    """

    def __init__(self, num_classes: int, width: int) -> None:
        super().__init__("coco17", num_classes, persons=1, in_channels=CHANNELS, width=width, star=True, frames=FIELD)
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        channels = CHANNELS
        for name, block in self.layers.named_children():
            assert isinstance(block, SpatioTemporalBlock)
            blocks[name] = NewestBlock(block.gcn, channels, block.out_channels, residual=block.residual is not None)
            channels = block.out_channels
        self.layers = Sequential(blocks)
        self._shapes = [slot.shape for slot in self.layers.slots((CHANNELS, len(self.skeleton.joints)))]
        self.memories = self.layers.memories + self.pool.memories

    def start_training(self) -> None:
        """Give the parameters values from which a short training gets far."""
        past = torch.exp(-torch.arange(KERNEL - 1, -1, -1.0) / MEMORY)
        past *= (KERNEL / past.square().sum()).sqrt()  # keeps the variance
        with torch.no_grad():
            self.fc.weight.mul_(0.1)
            for module in self.modules():
                if isinstance(module, SpatioTemporalBlock):
                    weight = module.get_parameter("tcn.t_conv.weight")
                    weight.mul_(past[None, None, :, None])
                if isinstance(module, GraphConvolution):
                    module.bn.weight.fill_(OPENNESS)
