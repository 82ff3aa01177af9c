"""The memory of a batch of streams, as a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Memory = tuple[Tensor, ...]  # the tensors of one block, in the order of its slots
Shape = tuple[int, ...]  # of one frame, without the stream axis


class Slot(NamedTuple):
    """One tensor of a block's memory: its name, its shape without the stream axis, and what it holds at the start."""

    name: str
    shape: Shape
    fill: float | Tensor = 0.0


@dataclass(frozen=True, eq=False)
class State:
    """All that a network remembers of a batch of streams: a flat tuple of named tensors.

    Every tensor has the stream as its leading axis, so streams are batched, picked and moved by indexing that axis.
    The first tensor, `frames`, counts the frames that each stream has seen; the others belong to the blocks of the
    network and are named after them, like the parameters in a `state_dict`.

    Attributes:
        names: One name per tensor; the first is 'frames'.
        tensors: One tensor per name, each of shape (streams, ...).
    """

    names: tuple[str, ...]
    tensors: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.tensors) or self.names[:1] != ("frames",):
            raise ValueError(f"a state needs one name per tensor, 'frames' first; got {self.names}")

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[self.names.index(name)]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def frames(self) -> Tensor:
        """(streams,) int64: the number of frames that each stream has seen."""
        return self.tensors[0]

    @property
    def streams(self) -> int:
        """The number of streams."""
        return self.frames.shape[0]

    @property
    def nbytes(self) -> int:
        """The memory that the tensors take, in bytes."""
        return sum(tensor.nbytes for tensor in self.tensors)

    def clone(self) -> State:
        """Return a copy that shares no memory with this state."""
        return State(self.names, tuple(tensor.clone() for tensor in self.tensors))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> State:
        """Return the state on another device or in another floating-point type; counters stay integers."""
        return State(
            self.names,
            tuple(t.to(device=device, dtype=dtype if t.is_floating_point() else None) for t in self.tensors),
        )

    def select(self, streams: Tensor | Sequence[int]) -> State:
        """Return the streams at the given positions, in that order.

        Args:
            streams: Indices (int64) or a mask (bool) over the streams.
        """
        index = torch.as_tensor(streams, device=self.frames.device)
        return State(self.names, tuple(tensor[index] for tensor in self.tensors))

    def where(self, mask: Tensor, other: State) -> State:
        """Return this state for the streams in `mask`, and `other` for the rest.

        `new.where(has_frame, old)` lets the other streams of a batch pause; `fresh.where(lost, state)` resets some.

        Args:
            mask: (streams,) bool.
            other: A state of the same network and batch.
        """
        if self.names != other.names:
            raise ValueError("the two states belong to different networks")
        pairs = zip(self.tensors, other.tensors, strict=True)
        return State(self.names, tuple(choose(mask, mine, theirs) for mine, theirs in pairs))

    @staticmethod
    def cat(states: Sequence[State]) -> State:
        """Batch streams of the same network, which need not have started together."""
        if len({state.names for state in states}) != 1:
            raise ValueError("only states of one and the same network can be batched")
        return State(states[0].names, tuple(torch.cat(same) for same in zip(*states, strict=True)))


def choose(mask: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """Choose between two tensors stream by stream.

    Args:
        mask: (streams,) bool.
        yes: (streams, ...), taken where the mask is true.
        no: (streams, ...), taken elsewhere.
    """
    return torch.where(mask.reshape(-1, *[1] * (yes.ndim - 1)), yes, no)


def filled(slot: Slot, streams: int, device: torch.device | str, dtype: torch.dtype) -> Tensor:
    """Return a tensor of the memory, (streams, ...), as it is at the start."""
    memory = torch.empty(streams, *slot.shape, device=device, dtype=dtype)
    return memory.copy_(slot.fill.detach()) if isinstance(slot.fill, Tensor) else memory.fill_(slot.fill)


def push(queue: Tensor, frame: Tensor) -> Tensor:
    """Append the newest frame (B, C, ...) to a queue (B, C, L, ...); the window (B, C, L + 1, ...) has it last."""
    return torch.cat((queue, frame.unsqueeze(2)), 2)
