"""Continual convolution [Hedegaard 2022, Continual 3D CNNs].

A convolution over time needs the last L = d (k - 1) frames. There are two ways to remember them, with equal results:

* `inputs`: keep the last L inputs, and convolve the window of L + 1 frames when a frame arrives;
* `sums`: multiply the frame with all k taps as it arrives, and keep the L sums that still wait for later frames.

Both cost k products per frame. The first keeps c_in maps of the input's size, the second c_out maps of the output's
size, so `auto` takes the second where channels or a spatial stride shrink the map, and else the first.
"""

from __future__ import annotations

from math import prod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, choose, push

Size = int | tuple[int, ...]
Method = Literal["auto", "inputs", "sums"]

_PLAIN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


class _Conv(Streaming):
    """A convolution whose first kernel axis is time; the parameters are those of the `nn` module of the same name.

    Args:
        in_channels: Channels of a frame (B, c_in, *spatial).
        out_channels: Channels of an output (B, c_out, *spatial').
        kernel_size: Taps in time, then in space; an int stands for all axes, here and below.
        stride: Steps between outputs, in time, then in space.
        padding: Zeros on both ends, in time, then in space. A stream has no end, so there it means start padding.
        dilation: Distance of taps, in time, then in space.
        groups: Channel groups.
        bias: Whether to add a bias.
        causal: Pad the start, and only the start, with all L frames: one output per frame at once, also in `forward`.
            `padding` must then be 0 in time.
        method: How to remember, see above.
    """

    dims: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        causal: bool = False,
        method: Method = "auto",
    ) -> None:
        super().__init__()
        plain = _PLAIN[self.dims](in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)  # type: ignore[arg-type]
        if plain.padding_mode != "zeros" or not all(isinstance(p, int) for p in plain.padding):
            raise ValueError("padding is a number of frames and pixels, filled with zeros")
        self.weight = plain.weight
        self.bias = plain.bias
        self.in_channels, self.out_channels, self.groups, self.causal = in_channels, out_channels, groups, causal
        self.kernel_size = tuple(plain.kernel_size)
        self.strides = tuple(plain.stride)
        self.paddings = tuple(int(p) for p in plain.padding)
        self.dilations = tuple(plain.dilation)

        self.past = self.dilations[0] * (self.kernel_size[0] - 1)  # frames to remember, L
        if causal and self.paddings[0] != 0:
            raise ValueError("a causal convolution sets its own padding in time")
        if self.paddings[0] > self.past:
            raise ValueError(f"padding {self.paddings[0]} exceeds the {self.past} past frames of the kernel")
        self.receptive_field = self.past + 1
        self.padding = self.past if causal else self.paddings[0]
        self.stride = self.strides[0]
        self.memories = 1 if self.past else 0

        shrinks = out_channels < in_channels * prod(self.strides[1:])
        self.method = ("sums" if shrinks else "inputs") if method == "auto" else method

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.strides}, "
            f"padding={self.padding, *self.paddings[1:]}, dilation={self.dilations}, groups={self.groups}, "
            f"method={self.method}"
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        axes = zip(
            frame_shape[1:],
            self.kernel_size[1:],
            self.strides[1:],
            self.paddings[1:],
            self.dilations[1:],
            strict=True,
        )
        return (self.out_channels, *((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes))

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        if not self.memories:
            return ()
        channels, *spatial = frame_shape if self.method == "inputs" else self.output_shape(frame_shape)
        return (Slot(self.method, (channels, self.past, *spatial)),)

    def forward(self, clip: Tensor) -> Tensor:
        """Convolve a clip (B, c_in, T, *spatial), as `nn.ConvNd` does."""
        if self.causal:
            clip = F.pad(clip, (0, 0) * (self.dims - 1) + (self.past, 0))
        convolve = _CONVOLVE[self.dims]
        return convolve(clip, self.weight, self.bias, self.strides, self.paddings, self.dilations, self.groups)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        if tick.stride > 1 or tick.delay == 0 or self.padding == 0 or not memory:
            return super().advance(frame, memory, tick)
        # What comes too early is blanked: a memory of zeros stays one, and the frame is smaller than the memory.
        return self.update(choose(tick.due, frame, torch.zeros_like(frame)), memory, tick)

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        if not self.memories:
            return self._convolve_window(frame.unsqueeze(2)), ()
        window = torch.stack([frame] * (self.past + 1), 2)
        output = self._convolve_window(window)
        if self.method == "inputs":
            return output, (window[:, :, 1:],)
        products = self._multiply_taps(frame)  # a sum that waits for m frames has had the products of its later taps
        return output, (products.flip(2).cumsum(2).flip(2)[:, :, 1:],)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        if not memory:
            return self._convolve_window(frame.unsqueeze(2)), ()
        if self.method == "sums":
            sums = torch.cat((memory[0], torch.zeros_like(memory[0][:, :, :1])), 2) + self._multiply_taps(frame)
            output = sums[:, :, 0]
            if self.bias is not None:
                # A reshape would be folded into a constant, and the bias would lose its name in an exported model.
                output = output + (self.bias if self.dims == 1 else self.bias.reshape(-1, *[1] * (self.dims - 1)))
            return output, (sums[:, :, 1:],)
        window = push(memory[0], frame)
        due = not tick.after(self).idle
        return self._convolve_window(window) if due else None, (window[:, :, 1:],)

    def _convolve_window(self, window: Tensor) -> Tensor:
        """Convolve L + 1 frames to one output."""
        if self.dims == 1 and self.groups == 1:  # a product of matrices, which is faster than a convolution
            return F.linear(window[:, :, :: self.dilations[0]].flatten(1), self.weight.flatten(1), self.bias)
        stride, padding = (1, *self.strides[1:]), (0, *self.paddings[1:])
        convolve = _CONVOLVE[self.dims]
        return convolve(window, self.weight, self.bias, stride, padding, self.dilations, self.groups)[:, :, 0]

    def _multiply_taps(self, frame: Tensor) -> Tensor:
        """Return what a frame adds to the outputs of this and the next L frames, (B, c_out, L + 1, ...)."""
        taps = self.weight.flip(2).transpose(1, 2).flatten(0, 1)  # newest first, (c_out k, c_in / groups, *spatial)
        if self.dims == 1:  # there is no convolution without a spatial axis: lend one
            products = F.conv1d(frame.unsqueeze(2), taps.unsqueeze(2), groups=self.groups).squeeze(2)
        else:
            convolve = _CONVOLVE[self.dims - 1]
            spatial = self.strides[1:], self.paddings[1:], self.dilations[1:]
            products = convolve(frame, taps, None, *spatial, self.groups)
        # Not unflatten: a trace would take the number of streams for a constant.
        products = products.reshape(-1, self.out_channels, self.kernel_size[0], *products.shape[2:])
        if self.dilations[0] > 1:  # no product falls between two taps
            gap = torch.zeros_like(products).unsqueeze(3)
            spread = torch.cat((products.unsqueeze(3), *[gap] * (self.dilations[0] - 1)), 3)
            products = spread.flatten(2, 3)[:, :, : self.past + 1]
        return products


class Conv1d(_Conv):
    """Continual convolution over (B, C, T); a frame is (B, C). Parameters as in `nn.Conv1d`."""

    dims = 1


class Conv2d(_Conv):
    """Continual convolution over (B, C, T, S), e.g. S joints; a frame is (B, C, S). Parameters as in `nn.Conv2d`."""

    dims = 2


class Conv3d(_Conv):
    """Continual convolution over (B, C, T, H, W); a frame is (B, C, H, W). Parameters as in `nn.Conv3d`."""

    dims = 3
