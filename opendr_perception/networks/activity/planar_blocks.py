"""Blocks of video networks on two-dimensional convolutions; `planar` says how and why."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.activity.head import Head, Projection
from opendr_perception.networks.activity.residual import SqueezeGate, VideoBlock
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.conv import Conv3d
from opendr_perception.streaming.state import Memory, Shape, Slot


class PlanarNetwork(Streaming):
    """A chain of planar blocks, for inference only. Its state has other tensors than that of the original.

    Args:
        blocks: Planar ones, and others that take frames (B, C, H, W) as they are.
    """

    def __init__(self, blocks: Sequence[Streaming]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self._chain = list(blocks)
        self.receptive_field, self.padding, self.stride = compose(self._chain)
        self.memories = sum(block.memories for block in self._chain)
        self.requires_grad_(False).eval()

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        slots: list[Slot] = []
        for number, block in enumerate(self._chain):
            slots += [slot._replace(name=f"{number}.{slot.name}") for slot in block.slots(frame_shape)]
            frame_shape = block.output_shape(frame_shape)
        return tuple(slots)

    def output_shape(self, frame_shape: Shape) -> Shape:
        for block in self._chain:
            frame_shape = block.output_shape(frame_shape)
        return frame_shape

    def forward(self, clip: Tensor) -> Tensor:
        """Answer for each frame of a clip (B, 3, T, H, W) that has an answer, as a fresh stream does."""
        state = self.initial_state(len(clip), tuple(clip[:, :, 0].shape[1:]))
        outputs, state = self.steps(clip, state)
        return outputs[:, :, self.valid(state, steps=clip.shape[2])[0]]

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        new: Memory = ()
        output: Tensor | None = frame
        for block in self._chain:
            mine, memory = memory[: block.memories], memory[block.memories :]
            if output is not None:
                output, mine = block.advance(output, mine, tick)
            new += mine
            tick = tick.after(block)
        return output, new


class PlanarConv(Streaming):
    """A convolution over frames and pixels, the norm and the activation behind it.

    Args:
        conv: Its bias is added to.
        norm: Is folded away.
        activation: Of the output.
        channels: In and out, with those that are filled up; by default what the convolution has.
    """

    def __init__(
        self,
        conv: nn.Conv3d | Conv3d,
        norm: nn.BatchNorm3d | None = None,
        activation: nn.Module | None = None,
        channels: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        weight, bias = _folded(conv, norm)
        groups = conv.groups
        into, out = channels or (conv.in_channels, conv.out_channels)
        more = (0, 0 if groups > 1 else into - conv.in_channels, 0, out - conv.out_channels)
        weight = F.pad(weight, (0, 0, 0, 0, 0, 0, *more))
        self.taps = nn.ParameterList(tap.contiguous() for tap in weight.flip(2).unbind(2))  # newest first
        self.bias = nn.Parameter(F.pad(bias, (0, out - len(bias))))
        self.groups = into if groups > 1 else 1
        self.activation = activation
        self.out_channels, self.filled = out, out - conv.out_channels
        if isinstance(conv, Conv3d):
            self.receptive_field, self.padding, self.past = conv.receptive_field, conv.padding, conv.past
            self.dilation, self.shape = conv.dilations[0], (conv.strides[1:], conv.paddings[1:])
        else:
            self.past, self.dilation = 0, 1
            self.shape = (conv.stride[1:], tuple(int(size) for size in conv.padding[1:]))
        self.kernel = tuple(weight.shape[3:])
        self.memories = self.past

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        channels, *pixels = self.output_shape(frame_shape)  # what is filled up is zero, and need not be remembered
        return tuple(Slot(f"sums{k}", (channels - self.filled, *pixels)) for k in range(self.past))

    def output_shape(self, frame_shape: Shape) -> Shape:
        axes = zip(frame_shape[1:], self.kernel, *self.shape, strict=True)
        return (self.out_channels, *((n + 2 * p - k) // s + 1 for n, k, s, p in axes))

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        waits = tick.stride > 1 and tick.phase is None
        if memory and tick.delay > 0 and self.padding > 0 and not waits:
            frame = frame * tick.due.to(frame.dtype).reshape(-1, 1, 1, 1)
        output, new = self.update(frame, memory, tick)
        return output, tick.hold(self, new, memory) if waits else new

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        sums = list(memory)
        for number, tap in enumerate(self.taps):
            product = F.conv2d(frame, tap, self.bias if number == 0 else None, *self.shape, 1, self.groups)
            if self.filled and number:
                product = product[:, : -self.filled]
            due = number * self.dilation
            if self.filled and not number and memory:
                sums[due] = F.pad(sums[due], (0, 0, 0, 0, 0, self.filled))
            if due < len(memory):
                sums[due] = product + sums[due]
            else:
                sums.append(product)
        output = sums[0] if self.activation is None else self.activation(sums[0])
        return output, tuple(sums[1:])


class PlanarGate(Streaming):
    """Squeeze-and-excitation of each frame, and the activation behind it.

    Args:
        gate: To copy.
        channels: With those that are filled up.
        activation: Of the output.
    """

    def __init__(self, gate: SqueezeGate, channels: int, activation: nn.Module) -> None:
        super().__init__()
        squeeze, expand = cast(nn.Conv3d, gate.block[0]), cast(nn.Conv3d, gate.block[2])
        more = channels - squeeze.in_channels
        assert squeeze.bias is not None and expand.bias is not None
        self.squeeze = nn.Parameter(F.pad(squeeze.weight[..., 0], (0, 0, 0, 0, 0, more)))
        self.expand = nn.Parameter(F.pad(expand.weight[..., 0], (0, 0, 0, 0, 0, 0, 0, more)))
        self.biases = nn.ParameterList([squeeze.bias.clone(), F.pad(expand.bias, (0, more))])
        self.activation = activation

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        hidden = F.relu(F.conv2d(frame.mean((2, 3), keepdim=True), self.squeeze, self.biases[0]))
        gate = F.conv2d(hidden, self.expand, self.biases[1]).sigmoid()
        output: Tensor = self.activation(frame * gate)
        return output, ()


class PlanarLayer(Streaming):
    """A function of each frame (B, C, H, W).

    Args:
        function: To apply; it keeps the number of channels.
    """

    def __init__(self, function: nn.Module) -> None:
        super().__init__()
        self.function = function

    def output_shape(self, frame_shape: Shape) -> Shape:
        return tuple(self.function(torch.zeros(1, *frame_shape)).shape[1:])

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        return self.function(frame), ()


class PlanarResidual(Streaming):
    """A residual block, whose shortcut waits in tensors of one frame each.

    Args:
        block: To copy.
        body: The planar form of its branch.
    """

    def __init__(self, block: VideoBlock, body: PlanarNetwork) -> None:
        super().__init__()
        self.body = body
        conv, norm = cast("nn.Conv3d | None", block.branch1_conv), cast("nn.BatchNorm3d | None", block.branch1_norm)
        self.shortcut = None if conv is None else PlanarConv(conv, norm)
        self.receptive_field, self.padding = block.receptive_field, block.padding
        self.late = block.align.delay
        self.memories = self.late + self.body.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        shape = self.output_shape(frame_shape)
        late = (Slot(f"late{k}", shape) for k in range(self.late))
        return (*late, *self.body.slots(frame_shape))

    def output_shape(self, frame_shape: Shape) -> Shape:
        return frame_shape if self.shortcut is None else self.shortcut.output_shape(frame_shape)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        late, mine = memory[: self.late], memory[self.late :]
        aside = frame if self.shortcut is None else self.shortcut.update(frame, (), tick)[0]
        output, mine = self.body.advance(frame, mine, tick)
        queue = (*late, aside)
        new = tick.hold(self, queue[1:], late) if tick.stride > 1 else queue[1:]
        return None if output is None else F.relu(output + queue[0]), (*new, *mine)


class PlanarFeatures(Streaming):
    """The part of a head before its pool over time.

    Args:
        projection: To copy; None where there is none.
    """

    def __init__(self, projection: Projection | None) -> None:
        super().__init__()
        self.before = None if projection is None else PlanarConv(projection.pre_conv, projection.pre_norm, nn.ReLU())

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (frame_shape if self.before is None else self.before.output_shape(frame_shape))[:1]

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        maps = frame if self.before is None else self.before.update(frame, (), tick)[0]
        return maps.mean((2, 3)), ()


class PlanarHead(Streaming):
    """The classifier.

    Args:
        head: To copy.
    """

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = copy.deepcopy(head)
        self.features = PlanarFeatures(head.pool)
        self.receptive_field, self.padding, self.memories = head.receptive_field, head.padding, head.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return self.head.slots(frame_shape)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return self.head.output_shape(frame_shape)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        features, _ = self.features.advance(frame, (), tick)
        pooled, memory = self.head.horizons.advance(features, memory, tick)
        return None if pooled is None else self.head.classify(pooled), memory


def _folded(conv: nn.Conv3d | Conv3d, norm: nn.BatchNorm3d | None) -> tuple[Tensor, Tensor]:
    """Weight (c_out, c_in / groups, T, H, W) and bias of a convolution with its norm."""
    weight = conv.weight.detach()
    bias = torch.zeros(len(weight)).to(weight) if conv.bias is None else conv.bias.detach()
    if norm is None:
        return weight.clone(), bias.clone()
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    return weight * scale.reshape(-1, 1, 1, 1, 1), (bias - norm.running_mean) * scale + norm.bias.detach()
