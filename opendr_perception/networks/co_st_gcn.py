"""CoST-GCN: continual spatio-temporal graph convolutional networks [Yan 2018; Hedegaard 2023]."""

from __future__ import annotations

from torch import Tensor, nn

from opendr_perception.networks.skeleton_network import SkeletonNetwork
from opendr_perception.streaming.graph import GraphConvolution


class CoStGcn(SkeletonNetwork):
    """A skeleton network of graph convolutions; `forward` is ST-GCN.

    `star=True` is CoST-GCN*, `star=False` is CoST-GCN. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return GraphConvolution(in_channels, out_channels, adjacency)
