"""Structured pruning adapters: learn a task beside frozen weights, and prune these in the same go [Hedegaard 2023].

An adapter stands before a weight of a network (`torch.nn.utils.parametrize`), so that every layer that has one takes
it, also the streaming blocks:

    LoRA        W = Ws + up down
    SPLoRA      W = Ws * (m_row m_col) + (up * m_row) (down * m_col)               whole channels are pruned
    SPLoPA      W = Ws * (M x 1) + sum_i (M * B_i) x (p_i q_i)                     blocks are pruned; x is Kronecker's

Of convolutions, the low-rank part is added to one tap, the centre as in the paper or the newest frame for causal ones,
or to all. What runs on a robot is the fused weight (`fuse`), of channels that are gone for good (`pruning.narrow`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from opendr_perception import streaming

Tap = Literal["centre", "newest", "all"]
Network = TypeVar("Network", bound=nn.Module)

NEARLY_ZERO = 1e-4
"""An adapter begins with weights up to this, so that the network begins as its source."""

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, streaming.Conv1d, streaming.Conv2d, streaming.Conv3d)
ATTENTION = (streaming.SingleOutputAttention, streaming.RetroactiveAttention, nn.MultiheadAttention)
NORMS = (_BatchNorm, nn.LayerNorm, nn.GroupNorm)


class LoRA(nn.Module):
    """Low-rank adapter [Hu 2021].

    Args:
        weight: (out, in, *taps), what is adapted.
        rank: r.
        tap: Of a convolution, where the low-rank part is added.

    Raises:
        ValueError: The rank is not positive, or a kernel of an even size has no centre.
    """

    def __init__(self, weight: Tensor, rank: int, tap: Tap = "centre") -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"the rank of an adapter is at least 1, not {rank}")
        out, taken, *taps = weight.shape
        if tap == "centre" and any(size % 2 == 0 for size in taps):
            raise ValueError(f"a kernel of {tuple(taps)} has no centre: choose another tap")
        self.rank, self.tap = rank, tap
        seen = tuple(taps) if tap == "all" else ()
        self.up = nn.Parameter(weight.new_empty(out, self.rank).uniform_(-NEARLY_ZERO, NEARLY_ZERO))
        self.down = nn.Parameter(weight.new_empty(self.rank, taken, *seen))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight of the task."""
        return self._added(weight, self.up, self.down)

    def _added(self, weight: Tensor, up: Tensor, down: Tensor) -> Tensor:
        delta = torch.tensordot(up, down, 1)
        if delta.shape == weight.shape:
            return weight + delta
        place = tuple(size - 1 if self.tap == "newest" and axis == 0 else size // 2 for axis, size in _taps(weight))
        added = torch.zeros_like(weight)
        index: list[slice | int] = [slice(None), slice(None), *place]
        added[tuple(index)] = delta
        return weight + added

    @property
    def learned(self) -> int:
        """Number of parameters that are learned."""
        return self.up.numel() + self.down.numel()


class SPLoRA(LoRA):
    """Low-rank adapter for the pruning of channels [Hedegaard 2023, eq. 4]. Arguments as in `LoRA`.

    Attributes:
        rows, columns: (out,) and (in,), 1 where a channel is kept and 0 where it is pruned.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, weight: Tensor, rank: int, tap: Tap = "centre") -> None:
        super().__init__(weight, rank, tap)
        self.register_buffer("rows", weight.new_ones(weight.shape[0]))
        self.register_buffer("columns", weight.new_ones(weight.shape[1]))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight of the task, 0 where it is pruned."""
        ones = [1] * (weight.ndim - 2)
        mask = torch.outer(self.rows, self.columns).reshape(*weight.shape[:2], *ones)
        down = self.down * self.columns.reshape(1, -1, *[1] * (self.down.ndim - 2))
        return self._added(weight * mask, self.up * self.rows[:, None], down)

    @property
    def learned(self) -> int:
        """Number of parameters that are learned, of the channels that are kept: r (|m_row| + |m_col|)."""
        per_column = self.rank * math.prod(self.down.shape[2:])
        return self.rank * int(self.rows.count_nonzero()) + per_column * int(self.columns.count_nonzero())


class SPLoPA(nn.Module):
    """Adapter of prototypes, for the pruning of blocks [Hedegaard 2023, eq. 6]: each block mixes all prototypes.

    Args:
        weight: (out, in, *taps), what is adapted; taps belong to the columns.
        block: Rows p and columns q of a block.
        prototypes: R.
        rank: r of a prototype.

    Attributes:
        kept: (out / p, in / q), 1 for each block that is kept.

    Raises:
        ValueError: Blocks do not divide the weight.
    """

    kept: Tensor

    def __init__(self, weight: Tensor, block: tuple[int, int] = (32, 32), prototypes: int = 128, rank: int = 1) -> None:
        super().__init__()
        rows, columns = weight.shape[0], math.prod(weight.shape[1:])
        if rows % block[0] or columns % block[1]:
            raise ValueError(f"blocks of {block} do not divide a matrix of {(rows, columns)}")
        grid = rows // block[0], columns // block[1]
        self.block = block
        self.mixing = nn.Parameter(weight.new_empty(prototypes, *grid).uniform_(-NEARLY_ZERO, NEARLY_ZERO))
        self.left = nn.Parameter(weight.new_empty(prototypes, block[0], rank).normal_())
        self.right = nn.Parameter(weight.new_empty(prototypes, rank, block[1]).normal_())
        self.register_buffer("kept", weight.new_ones(grid))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight of the task, 0 in the blocks that are pruned."""
        mask = torch.kron(self.kept, weight.new_ones(self.block))
        delta = torch.einsum("rab,rpq->apbq", self.mixing * self.kept, self.left @ self.right)
        return (weight.flatten(1) * mask + delta.reshape(mask.shape)).view_as(weight)

    @property
    def learned(self) -> int:
        """Number of parameters that are learned: R |M| + R r (p + q)."""
        return len(self.mixing) * int(self.kept.count_nonzero()) + self.left.numel() + self.right.numel()


Adapter = LoRA | SPLoPA


@dataclass(frozen=True)
class AdaptedWeight:
    """Weight that can have an adapter.

    Attributes:
        layer: The module that has it.
        path: Its name in the network; "" for the network itself.
        name: Of the weight.
    """

    layer: nn.Module
    path: str
    name: str = "weight"

    @property
    def weight(self) -> Tensor:
        """The weight as the layer takes it."""
        return cast(Tensor, getattr(self.layer, self.name))

    @property
    def full_name(self) -> str:
        """Name of the weight in the network."""
        return f"{self.path}.{self.name}" if self.path else self.name

    @property
    def adapter(self) -> Adapter | None:
        """The adapter before the weight."""
        if not parametrize.is_parametrized(self.layer, self.name):
            return None
        return cast(Adapter, self.layer.parametrizations[self.name][0])  # type: ignore[index]


def places(network: nn.Module) -> Iterator[AdaptedWeight]:
    """Find the weights of linear layers, convolutions and attention, in streaming networks too."""
    for path, layer in network.named_modules():
        if isinstance(layer, LAYERS):
            yield AdaptedWeight(layer, path)
        elif isinstance(layer, ATTENTION):
            yield AdaptedWeight(layer, path, "in_proj_weight")


def adapt(network: Network, make: Callable[[Tensor], Adapter], head: str = "") -> Network:
    """Freeze a network and put adapters before its weights, in place.

    Trained are, beside the adapters: norms, biases of adapted layers, and the head.

    Args:
        network: With the weights of the source; none of them is adapted.
        make: Makes the adapter of a weight, for example `lambda weight: SPLoRA(weight, 8)`.
        head: Name of the layer whose outputs are the task's own: it is trained as a whole, without an adapter.

    Raises:
        ValueError: The network has no such head, or none of its weights can be adapted.
    """
    network.requires_grad_(False)
    if head:
        if head not in dict(network.named_modules()):
            raise ValueError(f"{type(network).__name__} has no layer {head}")
        network.get_submodule(head).requires_grad_(True)
    adapted = [place for place in places(network) if not head or place.path != head]
    if not adapted:
        raise ValueError(f"nothing of {type(network).__name__} can be adapted")
    for place in adapted:
        parametrize.register_parametrization(place.layer, place.name, make(place.weight.detach()))
        for name in ("bias", "in_proj_bias"):
            if isinstance(bias := getattr(place.layer, name, None), nn.Parameter):
                bias.requires_grad_(True)
    for layer in network.modules():
        if isinstance(layer, NORMS):
            layer.requires_grad_(True)
    return network


def fuse(network: Network) -> Network:
    """Make the weights of the task those of a plain network, in place: nothing of the adapters is left."""
    for place in list(places(network)):
        if place.adapter is not None:
            parametrize.remove_parametrizations(place.layer, place.name, leave_parametrized=True)
    return network.requires_grad_(True)


def learned_parameters(network: nn.Module) -> int:
    """Count the parameters that the task has learned: of adapters, only those of what is kept."""
    adapters = [place.adapter for place in places(network) if place.adapter is not None]
    inside = {id(parameter) for adapter in adapters for parameter in adapter.parameters()}
    rest = sum(p.numel() for p in network.parameters() if p.requires_grad and id(p) not in inside)
    return rest + sum(adapter.learned for adapter in adapters)


def _taps(weight: Tensor) -> Iterator[tuple[int, int]]:
    return enumerate(weight.shape[2:])
