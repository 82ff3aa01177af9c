"""A block that is left out while nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from opendr_perception.streaming.compose.chain import slots_of
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, choose


class Conditional(Streaming):
    """Leave a block out for the streams in which nothing has changed for a while: the last output holds.

    Where that is so for all streams of a batch, nothing is computed. `skipped` of the memory says of which it is so. An
    exported graph has no branches: there the block always runs, and its answer is left aside.

    Args:
        block: Of stride 1.
        changed: Tells of frames (B, C, ...) and those before them which have changed, (B,) bool.
        patience: Unchanged inputs that the block still sees, by default its receptive field: then nothing is lost.
    """

    def __init__(
        self, block: Streaming, changed: Callable[[Tensor, Tensor], Tensor], patience: int | None = None
    ) -> None:
        super().__init__()
        if block.stride != 1:
            raise ValueError("a block that skips frames by itself keeps a beat, and cannot be left out")
        self.block, self._changed = block, changed
        self.patience = block.receptive_field if patience is None else patience
        self.receptive_field, self.padding = block.receptive_field, block.padding
        self.memories = 4 + block.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        own = (Slot("before", frame_shape), Slot("output", self.output_shape(frame_shape)), Slot("still", (1,)))
        return (*own, Slot("skipped", (1,)), *slots_of("block", self.block, frame_shape))

    def output_shape(self, frame_shape: Shape) -> Shape:
        return self.block.output_shape(frame_shape)

    def forward(self, clip: Tensor) -> Tensor:
        """See a whole clip, as the block does."""
        output: Tensor = self.block(clip)
        return output

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        before, last, still, _, *inner = memory
        moved = self._changed(frame, before)[:, None] | (tick.index == 0)[:, None]
        still = torch.where(moved, torch.zeros_like(still), still + 1)
        skip = ((still > self.patience) & (tick.index > self.delay)[:, None])[:, 0]
        output, kept = last, tuple(inner)
        if torch.compiler.is_exporting() or not bool(skip.all()):
            seen, new = self.block.advance(frame, kept, tick)
            assert seen is not None  # of stride 1
            output = choose(skip, last, seen)
            kept = tuple(choose(skip, old, now) for old, now in zip(inner, new, strict=True))
        return output, (frame, output, still, skip[:, None].to(still.dtype), *kept)
