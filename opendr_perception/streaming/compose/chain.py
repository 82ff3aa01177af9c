"""One block after the other, each streaming or plain."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.pooling import _AdaptiveAvgPoolNd, _AdaptiveMaxPoolNd

from opendr_perception.streaming.channel import LayerNorm, Linear
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.state import Memory, Shape, Slot


def per_frame(module: nn.Module, frame: Tensor) -> Tensor:
    """Give a frame (B, C, ...) to a plain module, as a clip of one frame where the module may need the axis of time."""
    return module(frame) if isinstance(module, Linear | LayerNorm) else module(frame.unsqueeze(2)).squeeze(2)


def feed(block: nn.Module, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
    """Give a frame to a block of any kind."""
    if isinstance(block, Streaming):
        return block.advance(frame, memory, tick)
    return per_frame(block, frame), ()


def settled(block: nn.Module, frame: Tensor) -> tuple[Tensor, Memory]:
    """Return what a block of any kind puts out and remembers of a frame that stands still."""
    return block.settle(frame) if isinstance(block, Streaming) else (per_frame(block, frame), ())


def shape_after(block: nn.Module, frame_shape: Shape) -> Shape:
    """Return the shape of the output of a block of any kind, for frames of a shape (C, ...)."""
    if isinstance(block, Streaming):
        return block.output_shape(frame_shape)
    like = next(block.parameters(), torch.empty(0))
    was_training = block.training
    with torch.no_grad():
        shape = block.eval()(like.new_zeros(1, frame_shape[0], 1, *frame_shape[1:])).shape
    block.train(was_training)
    return (shape[1], *shape[3:])


def memories_of(block: nn.Module) -> int:
    """Return the number of tensors in the memory of a block of any kind."""
    return block.memories if isinstance(block, Streaming) else 0


def slots_of(name: str, block: nn.Module, frame_shape: Shape) -> Iterator[Slot]:
    """Describe the memory of a child, under its name."""
    if isinstance(block, Streaming):
        for slot in block.slots(frame_shape):
            yield slot._replace(name=f"{name}.{slot.name}")


_MIXES = (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.GroupNorm, _InstanceNorm, nn.Flatten)


def require_per_frame(block: nn.Module, *, strided: bool = False) -> None:
    """Refuse a plain module that mixes frames: it needs a streaming counterpart.

    Args:
        block: The module.
        strided: Whether it may skip frames.

    Raises:
        TypeError: The module, or one inside it, is known to look at more than one frame, or to skip some.
    """
    for module in block.modules():
        mixes = isinstance(module, _MIXES)
        if isinstance(module, (_AdaptiveAvgPoolNd, _AdaptiveMaxPoolNd)):
            size = module.output_size
            mixes = not isinstance(size, tuple) or size[0] is not None
        if mixes or _temporal(module, "kernel_size") > 1 or (_temporal(module, "stride") > 1 and not strided):
            raise TypeError(f"{type(module).__name__} mixes or skips frames: use its streaming counterpart")


def _temporal(module: nn.Module, name: str) -> int:
    size = getattr(module, name, 1)
    size = size[0] if isinstance(size, tuple) else size
    return size if isinstance(size, int) else 1


class Sequential(Streaming, nn.Sequential):
    """A chain of blocks; like `nn.Sequential`, with the same names of parameters.

    Args:
        blocks: Streaming blocks and plain modules that see each frame by itself, or one `OrderedDict` of them.
    """

    def __init__(self, *blocks: nn.Module | OrderedDict[str, nn.Module]) -> None:
        nn.Sequential.__init__(self, *blocks)  # type: ignore[arg-type]
        for block in self:
            if not isinstance(block, Streaming):
                require_per_frame(block)
        self.receptive_field, self.padding, self.stride = compose(list(self))
        self.memories = sum(memories_of(block) for block in self)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        slots: list[Slot] = []
        for name, block in self.named_children():
            slots.extend(slots_of(name, block, frame_shape))
            frame_shape = shape_after(block, frame_shape)
        return tuple(slots)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return reduce(lambda shape, block: shape_after(block, shape), self, frame_shape)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        new: Memory = ()
        output: Tensor | None = frame
        for block in self:
            mine, memory = memory[: memories_of(block)], memory[memories_of(block) :]
            if output is None:  # nothing is due from here on
                new += mine
                continue
            output, mine = feed(block, output, mine, tick)
            new += mine
            tick = tick.after(block)
        return output, new

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        new: Memory = ()
        for block in self:
            frame, mine = settled(block, frame)
            new += mine
        return frame, new
