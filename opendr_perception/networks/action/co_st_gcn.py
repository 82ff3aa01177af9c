"""CoST-GCN: continual spatio-temporal graph convolutional networks [Yan 2018; Hedegaard 2023]."""

from __future__ import annotations

from torch import Tensor, nn

from opendr_perception.networks.action.fused_st_gcn import FusedStGcn
from opendr_perception.networks.action.skeleton_network import SkeletonNetwork
from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.graph import GraphConvolution


class CoStGcn(SkeletonNetwork):
    """A skeleton network of graph convolutions; `forward` is ST-GCN.

    `star=True` is CoST-GCN*, `star=False` is CoST-GCN. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return GraphConvolution(in_channels, out_channels, adjacency)

    def for_inference(self) -> Streaming:
        return FusedStGcn(self) if self.star else self
