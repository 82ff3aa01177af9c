"""Channels that belong together: a shortcut adds them, so that they are kept or pruned in all layers alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor, nn

Entry = tuple[str, int]
"""Name of a parameter or buffer, and its axis of channels."""

NORM = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class ChannelGroup:
    """Channels with the same indices in several layers.

    Attributes:
        name: Of the group.
        size: Number of channels.
        outputs: Entries that make the channels, one axis of each: weights, biases, statistics of norms.
        inputs: Entries of the layers that take them.
    """

    name: str
    size: int
    outputs: tuple[Entry, ...]
    inputs: tuple[Entry, ...]

    @property
    def weights(self) -> Iterator[str]:
        """Names of the weights that make the channels."""
        return (name for name, _ in self.outputs if name.endswith(".weight") and not _is_norm(name, self.outputs))


class Narrowable(Protocol):
    """A network whose channels can be pruned for good."""

    def channel_groups(self) -> Sequence[ChannelGroup]:
        """Describe all channels that may be pruned."""
        ...

    def narrowed(self, sizes: Mapping[str, int]) -> nn.Module:
        """Return a new network of the same kind, untrained, with so many channels in each group."""
        ...


Network = TypeVar("Network", bound=nn.Module)


def made_by(layer: str, norm: str = "", *, bias: bool = True) -> tuple[Entry, ...]:
    """Return the entries of a layer, and of the norm behind it, that make channels."""
    names = [f"{layer}.weight", *([f"{layer}.bias"] if bias else [])]
    return tuple((name, 0) for name in [*names, *(f"{norm}.{part}" for part in NORM if norm)])


def norm_of(norm: str) -> tuple[Entry, ...]:
    """Return the entries of a norm."""
    return tuple((f"{norm}.{part}", 0) for part in NORM)


def taken_by(*layers: str) -> tuple[Entry, ...]:
    """Return the entries of layers that take channels."""
    return tuple((f"{layer}.weight", 1) for layer in layers)


def sliced(
    state: Mapping[str, Tensor], groups: Sequence[ChannelGroup], kept: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Keep some channels of a state_dict.

    Args:
        state: Of a plain network, without adapters.
        groups: Of the network.
        kept: Indices (k,) of the channels that are kept, by group.
    """
    found = dict(state)
    for group in groups:
        for name, axis in (*group.outputs, *group.inputs):
            found[name] = found[name].index_select(axis, kept[group.name].to(found[name].device))
    return found


def _is_norm(name: str, entries: tuple[Entry, ...]) -> bool:
    return (f"{name.removesuffix('weight')}running_mean", 0) in entries
