"""CoAGCN: continual adaptive graph convolutional networks [Shi 2019; Hedegaard 2023]."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from opendr_perception.networks.action.skeleton_network import SkeletonNetwork
from opendr_perception.streaming.graph import AdaptiveGraphConvolution
from opendr_perception.streaming.state import Shape, Slot


class CoAGcn(SkeletonNetwork):
    """A skeleton network whose graph depends on the frame.

    `star=True` is CoAGCN*, `star=False` is CoAGCN. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return AdaptiveGraphConvolution(in_channels, out_channels, adjacency)


class OpenDrCoAGcn(SkeletonNetwork):
    """CoAGCN* as OpenDR 3.0 computes it, for weights that were trained there; prefer `CoAGcn` for new ones.

    Its code sums the graph over the joints that take, where the method mixes the joints that give: each joint is only
    scaled, and the part of the graph that depends on the data cancels. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return ScalingGraphConvolution(in_channels, out_channels, adjacency)


class ScalingGraphConvolution(AdaptiveGraphConvolution):
    """Scale each joint by the sum of what it gives, see `OpenDrCoAGcn`."""

    def _gather(self, clip: Tensor) -> Tensor:
        given = (self.adjacency + self.graph_attn).sum(2) + 1  # (P, V); a softmax sums to one
        return torch.cat([clip * share for share in given], 1)


class AGcn(SkeletonNetwork):
    """The original network for clips, whose graph depends on the whole clip; it cannot stream.

    Its weights fit `CoAGcn`, with slightly different answers. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return AdaptiveGraphConvolution(in_channels, out_channels, adjacency, whole_clip=True)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        raise TypeError("the graph of AGCN depends on the whole clip, which a stream has not: use CoAGcn")
