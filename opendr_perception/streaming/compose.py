"""Composition of blocks: one after the other, side by side, around a shortcut, and later."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.pooling import _AdaptiveAvgPoolNd, _AdaptiveMaxPoolNd

from opendr_perception.streaming.contract import Memory, Shape, Slot, Streaming, Tick, compose, push
from opendr_perception.streaming.state import choose

Reduce = Literal["sum", "concat", "mul", "max"]
Align = Literal["centre", "newest"]

_REDUCE: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "sum": lambda branches: reduce(torch.add, branches),
    "concat": lambda branches: torch.cat(branches, 1),
    "mul": lambda branches: reduce(torch.mul, branches),
    "max": lambda branches: reduce(torch.maximum, branches),
}


def per_frame(module: nn.Module, frame: Tensor) -> Tensor:
    """Give a frame (B, C, ...) to a plain module, as a clip of one frame."""
    return module(frame.unsqueeze(2)).squeeze(2)


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


class Delay(Streaming):
    """Repeat each frame later.

    Args:
        frames: How much later; `forward` drops as many frames from the end of a clip.
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        if frames < 0:
            raise ValueError(f"a delay of {frames} frames would need the future")
        self.receptive_field = frames + 1
        self.memories = 1 if frames else 0

    def extra_repr(self) -> str:
        return f"{self.delay}"

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        channels, *spatial = frame_shape
        return (Slot("inputs", (channels, self.delay, *spatial)),) if self.memories else ()

    def forward(self, clip: Tensor) -> Tensor:
        """Return the frames of a clip (B, C, T, ...) that come out by its end."""
        return clip[:, :, : clip.shape[2] - self.delay]

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        if not memory:
            return frame, ()
        return memory[0][:, :, 0], (push(memory[0][:, :, 1:], frame),)

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        return frame, (torch.stack([frame] * self.delay, 2),) if self.memories else ()


class Parallel(Streaming):
    """Blocks side by side, whose outputs are merged.

    Branches answer about different moments: a branch with receptive field f about the middle of its f frames. `centre`
    delays the input of the branches that are ahead, so that all speak of the same moment; this is what a padded network
    for clips does, and it keeps its weights valid. `newest` merges what comes out at one time, for causal branches.

    Args:
        branches: Streaming blocks and plain per-frame modules, by name. A plain module may have the branches' stride.
        reduction: How to merge the outputs; `concat` joins channels.
        align: Which outputs to merge, see above.
    """

    def __init__(
        self, branches: OrderedDict[str, nn.Module], reduction: Reduce = "sum", align: Align = "centre"
    ) -> None:
        super().__init__()
        self.names = tuple(branches)
        self.reduction = reduction
        for name, branch in branches.items():
            if not isinstance(branch, Streaming):
                require_per_frame(branch, strided=True)
            self.add_module(name, branch)
        timing = [compose([branch]) for branch in branches.values()]
        strides = {branch.stride for branch in branches.values() if isinstance(branch, Streaming)}
        if len(strides) > 1:
            raise ValueError(f"branches of different strides {sorted(strides)} never meet")
        fields = [field for field, _, _ in timing]
        if align == "centre" and any((max(fields) - field) % 2 for field in fields):
            raise ValueError(f"receptive fields {fields} have no common centre")
        delays = [(max(fields) - field) // 2 if align == "centre" else 0 for field in fields]
        outputs_at = [field - padding - 1 + d for (field, padding, _), d in zip(timing, delays, strict=True)]

        self.stride = strides.pop() if strides else 1
        self.receptive_field = max(field + d for field, d in zip(fields, delays, strict=True))
        self.padding = self.receptive_field - 1 - max(outputs_at)
        self._skips = [max(outputs_at) - at for at in outputs_at]  # frames of a branch's output that find no partner
        if any(skip % self.stride for skip in self._skips):
            raise ValueError("the branches are out of phase")
        self._delays = [Delay(d) for d in delays]  # no parameters, and not a child: names stay those of the branches
        self.memories = sum(d.memories + memories_of(b) for d, b in self._delayed())

    def _delayed(self) -> Iterator[tuple[Delay, nn.Module]]:
        for name, delay in zip(self.names, self._delays, strict=True):
            yield delay, getattr(self, name)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        slots: list[Slot] = []
        for name, (delay, branch) in zip(self.names, self._delayed(), strict=True):
            slots.extend(slots_of(f"{name}.delay", delay, frame_shape))
            slots.extend(slots_of(name, branch, frame_shape))
        return tuple(slots)

    def output_shape(self, frame_shape: Shape) -> Shape:
        shapes = [shape_after(getattr(self, name), frame_shape) for name in self.names]
        channels = sum(shape[0] for shape in shapes) if self.reduction == "concat" else shapes[0][0]
        return (channels, *shapes[0][1:])

    def forward(self, clip: Tensor) -> Tensor:
        """Merge the branches' outputs for a clip (B, C, T, ...)."""
        outputs = []
        for name, skip in zip(self.names, self._skips, strict=True):
            branch = getattr(self, name)
            if isinstance(branch, Streaming):
                outputs.append(branch(clip)[:, :, skip // self.stride :])
            else:  # a plain branch strides by itself, or not at all
                output = branch(clip[:, :, skip:])
                strided = output.shape[2] < clip.shape[2] - skip
                outputs.append(output if strided else output[:, :, :: self.stride])
        frames = min(output.shape[2] for output in outputs)
        return _REDUCE[self.reduction]([output[:, :, :frames] for output in outputs])

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        new: Memory = ()
        outputs: list[Tensor] = []
        due = not tick.after(self).idle
        for delay, branch in self._delayed():
            late, memory = memory[: delay.memories], memory[delay.memories :]
            mine, memory = memory[: memories_of(branch)], memory[memories_of(branch) :]
            delayed, late = delay.advance(frame, late, tick)
            if delayed is not None and (due or isinstance(branch, Streaming)):
                output, mine = feed(branch, delayed, mine, tick.after(delay))
                outputs += [] if output is None else [output]
            new += late + mine
        return _REDUCE[self.reduction](outputs) if due else None, new

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        new: Memory = ()
        outputs: list[Tensor] = []
        for delay, branch in self._delayed():
            output, mine = settled(branch, frame)
            outputs.append(output)
            new += delay.settle(frame)[1] + mine
        return _REDUCE[self.reduction](outputs), new


class Residual(Parallel):
    """A block and a shortcut around it, added.

    Args:
        body: The block.
        shortcut: A per-frame module for the shortcut, with the stride of the body; by default the identity.
        align: `centre` for bodies made of centred kernels, padded or not; `newest` for causal ones.
    """

    def __init__(self, body: Streaming, shortcut: nn.Module | None = None, align: Align = "centre") -> None:
        super().__init__(OrderedDict(shortcut=shortcut or nn.Identity(), body=body), align=align)


class Conditional(Streaming):
    """Leave a block out for the streams in which nothing has changed for a while: the last output holds.

    Where that is so for all streams of a batch, nothing is computed. `skipped` of the memory says of which it is so. A
    trace has no branches: in an exported graph the block always runs, and its answer is left aside.

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
        if torch.jit.is_tracing() or not bool(skip.all()):
            seen, new = self.block.advance(frame, kept, tick)
            assert seen is not None  # of stride 1
            output = choose(skip, last, seen)
            kept = tuple(choose(skip, old, now) for old, now in zip(inner, new, strict=True))
        return output, (frame, output, still, skip[:, None].to(still.dtype), *kept)
