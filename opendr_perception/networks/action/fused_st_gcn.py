"""CoST-GCN* as a robot runs it: the same answers from fewer and larger matrix products.

What training needs is folded away: batch norms go into weights, learnt masks into the graph. Joints are the rows and
channels the columns of all matrices, so that nothing is ever transposed.

* A graph convolution is two products: by the weights of all partitions, then by the graph. A shortcut that changes the
  number of channels is one more partition, in which a joint gives to itself.
* A temporal convolution multiplies each frame by all its taps as it comes, and keeps the sums that wait for later
  frames as a tensor each. To shift the queue is then to rename its tensors, and no memory is copied. The shortcut
  around the convolution is added to the sum in the middle, and needs no memory of its own.
* The joints of all streams are rows of one matrix, because a product of two matrices can add to a sum as it goes.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.conv import Conv2d
from opendr_perception.streaming.graph import GraphConvolution
from opendr_perception.streaming.state import Memory, Shape, Slot

if TYPE_CHECKING:
    from opendr_perception.networks.action.skeleton_network import SkeletonNetwork, SpatioTemporalBlock


class FusedStGcn(Streaming):
    """One step of a CoST-GCN*, for inference only. Its state has other tensors than that of the original.

    Args:
        network: The trained network, without padding and stride; it is copied, not changed.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: SkeletonNetwork) -> None:
        super().__init__()
        assert network.frame_shape is not None
        self.frame_shape = network.frame_shape
        self.in_channels, joints, persons = network.frame_shape
        self.rows = joints * persons
        for name, factor in zip(("scale", "shift"), _affine(network.data_bn), strict=True):
            self.register_buffer(name, factor.reshape(persons, joints, self.in_channels))
        self._blocks = [_Block(cast("SpatioTemporalBlock", block)) for block in network.layers]
        self.blocks = nn.ModuleList(self._blocks)
        self.fill_delay = network.layers.delay
        self.window = network.pool.receptive_field
        self.fc = copy.deepcopy(network.fc)
        self.receptive_field, self.padding = network.receptive_field, network.padding
        self.memories = sum(block.late for block in self._blocks) + 1
        self.requires_grad_(False).eval()

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return (
            *(
                Slot(f"layers.layer{i}.tcn.sums{k}", (self.rows, block.out_channels))
                for i, block in enumerate(self._blocks, 1)
                for k in range(block.late)
            ),
            Slot("pool.inputs", (self.window, self.fc.in_features)),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.fc.out_features,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        x = (frame.permute(0, 3, 2, 1) * self.scale + self.shift).reshape(-1, self.in_channels)
        new: Memory = ()
        for block in self._blocks:
            sums = memory[len(new) : len(new) + block.late]
            x, late = block(x, tuple(rows.reshape(-1, block.out_channels) for rows in sums))
            new += tuple(rows.reshape(-1, self.rows, block.out_channels) for rows in late)
        features = x.reshape(-1, self.rows, self.fc.in_features).mean(1)
        mean, pooled = self._pool(features, memory[-1], tick.time - self.fill_delay)
        return self.fc(mean), (*new, pooled)

    def _pool(self, features: Tensor, pooled: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Average the index-th features (B, C) with those remembered, in a ring: their order does not matter."""
        index = index.clamp(min=0)[:, None]
        place = (index % self.window)[..., None].expand(-1, 1, self.fc.in_features)
        pooled = pooled.scatter(1, place, features[:, None])
        seen = torch.arange(self.window, device=index.device) <= index
        mean = (seen.to(features.dtype)[:, None] @ pooled).squeeze(1)
        return mean / (index + 1).clamp(max=self.window), pooled


class _Block(nn.Module):
    """A graph convolution, a convolution over time, and a shortcut around both, for rows of joints.

    Args:
        block: The block to copy.
    """

    def __init__(self, block: SpatioTemporalBlock) -> None:
        super().__init__()
        self.graph = _Graph(cast(GraphConvolution, block.gcn))
        conv = cast(Conv2d, block.tcn.t_conv)
        self.out_channels, self.late = conv.out_channels, conv.past
        scale, bias = _affine(cast(_BatchNorm, block.tcn.bn))
        if conv.bias is not None:
            bias = bias + conv.bias * scale
        newest_first = (conv.weight[..., 0] * scale[:, None, None]).flip(2).unbind(2)
        self.taps = nn.ParameterList([tap.T.contiguous() for tap in newest_first])  # (c, c_out) each
        self.age = block.align.delay  # of the frame that the shortcut takes
        self.bypassed = block.residual is not None
        self.shortcut: nn.Parameter | None = None
        if isinstance(block.residual, nn.Sequential):
            weight, added = _folded(cast(nn.Conv2d, block.residual.t_conv), cast(_BatchNorm, block.residual.bn))
            self.shortcut, bias = nn.Parameter(weight), bias + added
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor, sums: Memory) -> tuple[Tensor, Memory]:
        """Map rows (B rows, c_in) to (B rows, c_out); sums[k] is the output that is due k frames from now."""
        y = self.graph(x)
        new = [torch.addmm(due, y, tap) for tap, due in zip(self.taps, (*sums, self.bias), strict=True)]
        if self.bypassed:
            due = new[self.age]
            new[self.age] = due + x if self.shortcut is None else torch.addmm(due, x, self.shortcut)
        return F.relu(new[0]), tuple(new[1:])


class _Graph(nn.Module):
    """A graph convolution of rows (B rows, c_in): (B rows, c_out)."""

    def __init__(self, layer: GraphConvolution) -> None:
        super().__init__()
        convs = cast("list[nn.Conv2d]", list(layer.g_conv))
        scale, bias = _affine(layer.bn)
        bias = bias + scale * sum(cast(Tensor, conv.bias) for conv in convs)
        weights = [(conv.weight[:, :, 0, 0] * scale[:, None]).T for conv in convs]
        edges = list(layer.adjacency * layer.graph_attn)
        self.adds_input = isinstance(layer.gcn_residual, nn.Identity)
        if isinstance(layer.gcn_residual, nn.Sequential):
            weight, added = _folded(cast(nn.Conv2d, layer.gcn_residual[0]), cast(_BatchNorm, layer.gcn_residual[1]))
            weights, bias = [*weights, weight], bias + added
            edges.append(torch.eye(len(edges[0])).to(edges[0]))
        self.out_channels = convs[0].out_channels
        self.weight = nn.Parameter(torch.cat(weights, 1))  # (c_in, P c_out)
        self.edges = nn.Parameter(torch.stack(edges, 1).flatten(0, 1).T.contiguous())  # (V, V P)
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        given = (x @ self.weight).reshape(-1, self.edges.shape[1], self.out_channels)
        y = (self.edges @ given).reshape(-1, self.out_channels) + self.bias
        return F.relu(y + x if self.adds_input else y)


def _affine(bn: _BatchNorm) -> tuple[Tensor, Tensor]:
    """Return what a batch norm multiplies each channel by, and what it adds."""
    assert bn.running_var is not None and bn.running_mean is not None
    scale = (bn.weight / torch.sqrt(bn.running_var + bn.eps)).detach()
    return scale, (bn.bias - bn.running_mean * scale).detach()


def _folded(conv: nn.Conv2d, bn: _BatchNorm) -> tuple[Tensor, Tensor]:
    """Return a 1x1 convolution and its batch norm as a matrix (c_in, c_out) and a bias."""
    scale, bias = _affine(bn)
    if conv.bias is not None:
        bias = bias + conv.bias.detach() * scale
    return (conv.weight[:, :, 0, 0] * scale[:, None]).T.detach(), bias
