"""Blocks side by side, around a shortcut, and later."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Literal

import torch
from torch import Tensor, nn

from opendr_perception.streaming.compose.chain import (
    feed,
    memories_of,
    require_per_frame,
    settled,
    shape_after,
    slots_of,
)
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.state import Memory, Shape, Slot, push

Reduce = Literal["sum", "concat", "mul", "max"]
Align = Literal["centre", "newest"]

_REDUCE: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "sum": lambda branches: reduce(torch.add, branches),
    "concat": lambda branches: torch.cat(branches, 1),
    "mul": lambda branches: reduce(torch.mul, branches),
    "max": lambda branches: reduce(torch.maximum, branches),
}


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
