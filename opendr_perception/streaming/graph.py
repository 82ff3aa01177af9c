"""Graph convolution over the joints of a skeleton, frame by frame [Yan 2018, ST-GCN; Shi 2019, 2s-AGCN].

A graph has P partitions of its edges, here (itself, inward, outward). Per partition, features are gathered along the
edges and mapped by a 1x1 convolution; the convolution has its bias after the gathering. These layers need no memory and
take clips (N, C, T, V) of V joints.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GraphConvolution(nn.Module):
    """ReLU(BN(Σ_p W_p x (A_p ∘ M_p)) + R(x)) with learnt masks M [Yan 2018, eq. 10; Hedegaard 2022, CoST-GCN, eq. 2].

    Args:
        in_channels: Channels C of a clip (N, C, T, V).
        out_channels: Channels of the output.
        adjacency: (P, V, V); A[p, v, w] is what joint w takes from joint v.
    """

    adjacency: Tensor

    def __init__(self, in_channels: int, out_channels: int, adjacency: Tensor) -> None:
        super().__init__()
        self.register_buffer("adjacency", adjacency.clone(), persistent=False)
        self.graph_attn = nn.Parameter(torch.ones_like(adjacency))
        convs = [_convolution(in_channels, out_channels) for _ in adjacency]
        for conv in convs:
            nn.init.normal_(conv.weight, 0, math.sqrt(2 / (conv.weight.numel() * len(adjacency))))
        self.g_conv = nn.ModuleList(convs)
        self.gcn_residual: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.gcn_residual = pointwise(in_channels, out_channels)
        self.bn = nn.BatchNorm2d(out_channels)
        nn.init.constant_(self.bn.weight, 1e-6)  # a new block is its residual

    def forward(self, clip: Tensor) -> Tensor:
        """Convolve a clip (N, C, T, V)."""
        return F.relu(self.bn(self._mix(self._gather(clip))) + self.gcn_residual(clip))

    def _gather(self, clip: Tensor) -> Tensor:
        """Gather along the edges of each partition: (N, P C, T, V)."""
        return torch.cat([clip @ edges for edges in self.adjacency * self.graph_attn], 1)

    def _mix(self, gathered: Tensor) -> Tensor:
        """Sum the convolutions of all partitions, as one convolution of P C channels."""
        convs = cast("list[nn.Conv2d]", list(self.g_conv))
        weight = torch.cat([conv.weight for conv in convs], 1)
        bias = reduce(torch.add, [cast(Tensor, conv.bias) for conv in convs])
        return F.conv2d(gathered, weight, bias)


class AdaptiveGraphConvolution(GraphConvolution):
    """ReLU(BN(Σ_p W_p x (A_p + B_p + C_p)) + R(x)) [Shi 2019, eq. 3; Hedegaard 2022, CoST-GCN, eq. 5-7].

    B is learnt; C_p = softmax(θ_p(x)ᵀ φ_p(x)) is computed from the data, over the joints that a joint takes from: by
    default for each frame, which is what a stream allows.

    Args:
        in_channels: Channels C of a clip (N, C, T, V).
        out_channels: Channels of the output.
        adjacency: (P, V, V); A[p, v, w] is what joint w takes from joint v.
        whole_clip: One C per clip instead of one per frame, as in the original network. Not for streams.
    """

    def __init__(self, in_channels: int, out_channels: int, adjacency: Tensor, *, whole_clip: bool = False) -> None:
        super().__init__(in_channels, out_channels, adjacency)
        nn.init.constant_(self.graph_attn, 1e-6)
        self.embedding = out_channels // 4
        self.whole_clip = whole_clip
        self.a_conv = nn.ModuleList(_convolution(in_channels, self.embedding) for _ in adjacency)
        self.b_conv = nn.ModuleList(_convolution(in_channels, self.embedding) for _ in adjacency)

    def _gather(self, clip: Tensor) -> Tensor:
        gathered = [
            self._gather_along(clip, edges, theta(clip), phi(clip))
            for edges, theta, phi in zip(self.adjacency + self.graph_attn, self.a_conv, self.b_conv, strict=True)
        ]
        return torch.cat(gathered, 1)

    def _gather_along(self, clip: Tensor, edges: Tensor, theta: Tensor, phi: Tensor) -> Tensor:
        theta, phi, frames = theta.transpose(1, 2), phi.transpose(1, 2), clip.transpose(1, 2)  # (N, T, C, V)
        affinity = theta.transpose(2, 3) @ phi / self.embedding
        if self.whole_clip:
            affinity = affinity.mean(1, keepdim=True)
        return (frames @ (affinity.softmax(2) + edges)).transpose(1, 2)


def pointwise(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Return a 1x1 convolution with a temporal stride and batch norm, to fit a shortcut."""
    return nn.Sequential(_convolution(in_channels, out_channels, stride), nn.BatchNorm2d(out_channels))


def _convolution(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, out_channels, 1, (stride, 1))
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    nn.init.zeros_(cast(Tensor, conv.bias))
    return conv
