"""CoS-TR: continual skeleton networks with attention between joints [Plizzari 2021; Hedegaard 2023]."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.action.skeleton_network import SkeletonNetwork
from opendr_perception.streaming.graph import GraphConvolution

FIRST_ATTENTION = 4  # the block from which attention takes the place of the graph
HEADS = 8  # fewer where there are fewer channels of keys


class CoSTr(SkeletonNetwork):
    """A skeleton network with attention between the joints of a frame; `forward` is S-TR.

    `star=True` is CoS-TR*, `star=False` is CoS-TR. Arguments as in `SkeletonNetwork`.
    """

    published_names = (
        *SkeletonNetwork.published_names,
        (r"\.attention_conv\.", "."),
        (r"^layers\.layer(?:[4-9]|10)\.gcn\.adjacency$", ""),  # kept by the published attention layers, never used
    )

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        if block < FIRST_ATTENTION:
            return GraphConvolution(in_channels, out_channels, adjacency)
        heads = min(HEADS, out_channels // 4)
        return SpatialAttention(in_channels, out_channels, adjacency.shape[1], heads)


class SpatialAttention(nn.Module):
    """ReLU(BN(W (attention between joints) + x)), frame by frame [Hedegaard 2023, eq. 8-10].

    Keys and queries have a quarter of the output's channels, values all; the input is normalised first.

    Args:
        in_channels: Channels C of a clip (N, C, T, V).
        out_channels: Channels of the output. If they equal C, the input is added.
        joints: Joints V.
        heads: Attention heads.
        drop: In training, the share of joints that a head does not see.
    """

    def __init__(self, in_channels: int, out_channels: int, joints: int, heads: int = HEADS, drop: float = 0.5) -> None:
        super().__init__()
        if out_channels % (4 * heads):
            raise ValueError(f"{heads} heads do not divide a quarter of {out_channels} channels")
        self.heads, self.drop, self.skip = heads, drop, in_channels == out_channels
        self.sizes = (out_channels // 4, out_channels // 4, out_channels)
        self.data_bn = nn.BatchNorm1d(in_channels * joints)
        self.qkv_conv = nn.Conv2d(in_channels, sum(self.sizes), 1)
        self.attn_out = nn.Conv2d(out_channels, out_channels, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, clip: Tensor) -> Tensor:
        """Attend in each frame of a clip (N, C, T, V)."""
        joints = clip.shape[1], clip.shape[3]
        x = self.data_bn(clip.transpose(2, 3).flatten(1, 2)).unflatten(1, joints).transpose(2, 3)
        q, k, v = (self._split(part) for part in self.qkv_conv(x).split(self.sizes, 1))
        weights = (q.transpose(3, 4) @ k / q.shape[3] ** 0.5).softmax(4)  # (N, T, heads, V, V)
        if self.training and self.drop:
            seen = torch.rand_like(weights[..., :1, :]) >= self.drop
            weights = weights * seen
            weights = weights / (weights.sum(4, keepdim=True) + 1e-8)
        mixed = (v @ weights.transpose(3, 4)).permute(0, 2, 3, 1, 4).flatten(1, 2)
        y = self.attn_out(mixed)
        return F.relu(self.bn(y + clip if self.skip else y))

    def _split(self, x: Tensor) -> Tensor:
        """Split (N, C, T, V) by head: (N, T, heads, e, V)."""
        return x.unflatten(1, (self.heads, -1)).permute(0, 3, 1, 2, 4)
