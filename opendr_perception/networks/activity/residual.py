"""Common parts of the video networks: bottlenecks, residual blocks and stages, under the names of PyTorchVideo.

A temporal convolution of a published network is padded on both ends. A stream has no end, so there are three ways to
put the same weights into a stream [Hedegaard 2022, Continual 3D CNNs]:

* `keep_p`: start padding stays, as zeros before the stream. This is the network for clips as far as a stream knows it.
* `no_p`: no padding. What comes out has seen real frames only, and comes as many frames later.
* `causal`: all padding before the stream, kernels look back only. An answer speaks of the newest frame, at once; this
  needs weights that were trained so.

Parameters are the same in all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.compose import Delay, Sequential, shape_after
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.conv import Conv3d
from opendr_perception.streaming.state import Memory, Shape, Slot

Mode = Literal["keep_p", "no_p", "causal"]
Scope = Literal["frame", "clip"]
Triple = tuple[int, int, int]

MODES = ("keep_p", "no_p", "causal")


def convolution(
    channels: tuple[int, int],
    kernel: Triple,
    mode: Mode,
    *,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
) -> nn.Module:
    """A convolution without bias, as published: padded to keep the size, of stride 1 in time.

    Args:
        channels: In and out.
        kernel: Time, height, width.
        mode: See above.
        stride: In space.
        groups: Channel groups.
        dilation: In time.
    """
    if mode not in MODES:
        raise ValueError(f"'{mode}' is no conversion; there are {', '.join(MODES)}")
    height, width = kernel[1] // 2, kernel[2] // 2
    strides = (1, stride, stride)
    if kernel[0] == 1:
        return nn.Conv3d(*channels, kernel, strides, (0, height, width), groups=groups, bias=False)
    padding = (dilation * (kernel[0] // 2) if mode == "keep_p" else 0, height, width)
    return Conv3d(*channels, kernel, strides, padding, (dilation, 1, 1), groups, bias=False, causal=mode == "causal")


class SqueezeGate(nn.Module):
    """Squeeze-and-excitation, named as in fvcore: channels are scaled by what a mean over the frame, or the clip, says.

    In a network for clips the mean runs over time too. A stream cannot wait for the end of a clip, so there it is of
    the frame alone, which is not the same, by intent [Continual 3D CNNs, 3.5].

    Args:
        channels: Of the clip (B, C, T, H, W).
        squeezed: Channels of the hidden layer.
        scope: What the mean runs over.
    """

    def __init__(self, channels: int, squeezed: int, scope: Scope) -> None:
        super().__init__()
        self.axes = (3, 4) if scope == "frame" else (2, 3, 4)
        self.block = nn.Sequential(
            nn.Conv3d(channels, squeezed, 1), nn.ReLU(), nn.Conv3d(squeezed, channels, 1), nn.Sigmoid()
        )

    def forward(self, clip: Tensor) -> Tensor:
        """SqueezeGate a clip (B, C, T, H, W)."""
        gated: Tensor = clip * self.block(clip.mean(self.axes, keepdim=True))
        return gated


class VideoBlock(Streaming):
    """ReLU(shortcut(x) + bottleneck(x)); the shortcut waits *behind* its strided convolution, where its map is small.

    A convolution of one pixel and one frame does not mind whether the delay comes before or after it, but after it the
    map has a quarter of the pixels.

    Args:
        body: The bottleneck.
        shortcut: Its convolution, None for the identity.
        norm: The batch norm behind that.
        causal: Whether the bottleneck looks back only, so that there is nothing to wait for.
    """

    def __init__(self, body: Sequential, shortcut: nn.Module | None, norm: nn.Module | None, *, causal: bool) -> None:
        super().__init__()
        self.branch1_conv, self.branch1_norm, self.branch2 = shortcut, norm, body
        self.receptive_field, self.padding = body.receptive_field, body.padding
        # A block delays by its centre alone, whatever its own padding says; no parameters, hence no child.
        self._align = Delay(0 if causal else (body.receptive_field - 1) // 2)
        self.memories = self._align.memories + body.memories

    @property
    def align(self) -> Delay:
        """The delay of the shortcut."""
        return self._align

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        kept = self._align.slots(self.output_shape(frame_shape))
        return (
            *(slot._replace(name=f"branch1.{slot.name}") for slot in kept),
            *(slot._replace(name=f"branch2.{slot.name}") for slot in self.branch2.slots(frame_shape)),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return frame_shape if self.branch1_conv is None else shape_after(self.branch1_conv, frame_shape)

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (B, C, T, H, W)."""
        output = self.branch2(clip)
        first = self.delay - self._align.delay
        return F.relu(output + self._shortcut(clip[:, :, first : first + output.shape[2]]))

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        late, mine = memory[: self._align.memories], memory[self._align.memories :]
        aside, late = self._align.advance(once(self._shortcut, frame), late, tick)
        output, mine = self.branch2.advance(frame, mine, tick)
        if output is None or aside is None:
            return None, (*late, *mine)
        return F.relu(output + aside), (*late, *mine)

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        aside, late = self._align.settle(once(self._shortcut, frame))
        output, mine = self.branch2.settle(frame)
        return F.relu(output + aside), (*late, *mine)

    def _shortcut(self, clip: Tensor) -> Tensor:
        if self.branch1_conv is not None:
            clip = self.branch1_conv(clip)
        return clip if self.branch1_norm is None else self.branch1_norm(clip)


def once(function: object, frame: Tensor) -> Tensor:
    """Give a frame to a function of clips."""
    assert callable(function)
    output: Tensor = function(frame.unsqueeze(2))
    return output.squeeze(2)


def stage(blocks: Sequence[VideoBlock]) -> Sequential:
    """A stage, named as in PyTorchVideo."""
    named: OrderedDict[str, nn.Module] = OrderedDict((str(number), block) for number, block in enumerate(blocks))
    return Sequential(OrderedDict(res_blocks=Sequential(named)))


def bottleneck(*layers: tuple[str, nn.Module]) -> Sequential:
    """The layers of a bottleneck by name."""
    return Sequential(OrderedDict(layers))


@torch.no_grad()
def initialise(network: nn.Module) -> None:
    """Initialise as the authors do: convolutions by He's rule, the last batch norm of each bottleneck at zero."""
    for name, layer in network.named_modules():
        if isinstance(layer, (nn.Conv3d, Conv3d)):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                layer.bias.zero_()
        if isinstance(layer, nn.BatchNorm3d) and name.endswith("norm_c"):
            layer.weight.zero_()
        if isinstance(layer, nn.Linear):
            layer.weight.normal_(0.0, 0.01)
            layer.bias.zero_()
