"""NAC-TCN: temporal convolution with causal dilated neighbourhood attention [Mehta 2023].

It turns features of single frames, e.g. of a tracked face, into values per frame, e.g. valence and arousal. The paper
evaluates whole sequences only and names that as its limitation; here each frame is a step, with the same answers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

from opendr_perception.streaming.channel import Linear
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.conv import Conv1d
from opendr_perception.streaming.neighbourhood import NeighbourhoodAttention, Variant
from opendr_perception.streaming.state import Memory, Shape, Slot


class TemporalBlock(Streaming):
    """ReLU(ReLU(attention(ReLU(convolution(x)))) + G(x)), all of it causal [Mehta 2023, sec. 3].

    Args:
        in_channels: Channels of a frame (B, c_in).
        out_channels: Channels of an output (B, c_out).
        kernel_size: Frames k of the convolution and of the attention; odd.
        dilation: Distance of those frames.
        heads: Attention heads.
        variant: Of the attention, see `NeighbourhoodAttention`.
        dropout: Share of channels that are left out in training.
        always_project: Whether G is a 1x1 convolution even where the channels stay the same; else it is the identity.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int,
        heads: int,
        *,
        variant: Variant = "A",
        dropout: float = 0.2,
        always_project: bool = False,
    ) -> None:
        super().__init__()
        self._plain = partial(
            Conv1d, in_channels, out_channels, kernel_size, dilation=dilation, causal=True, method="inputs"
        )
        conv = self._plain()
        nn.init.normal_(conv.weight, 0, 0.01)
        self.conv = weight_norm(conv)
        self.attention = NeighbourhoodAttention(out_channels, heads, kernel_size, dilation, variant=variant)
        self.dropout = nn.Dropout1d(dropout)
        self.downsample: Linear | None = None
        if always_project or in_channels != out_channels:
            self.downsample = Linear(in_channels, out_channels)
            nn.init.normal_(self.downsample.weight, 0, 0.01)
        self.out_channels = out_channels
        self.receptive_field, self.padding, self.stride = compose([self.conv, self.attention])
        self.memories = self.conv.memories + self.attention.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return (
            *(slot._replace(name=f"conv.{slot.name}") for slot in self.conv.slots(frame_shape)),
            *(slot._replace(name=f"attention.{slot.name}") for slot in self.attention.slots((self.out_channels,))),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.out_channels,)

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (B, c_in, T) to (B, c_out, T)."""
        z = self.dropout(F.relu(self.conv(clip)))
        return self._finish(clip, self.dropout(F.relu(self.attention(z))))

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        inputs, tokens = memory[: self.conv.memories], memory[self.conv.memories :]
        z, inputs = self.conv.update(frame, inputs, tick)
        y, tokens = self.attention.update(F.relu(z), tokens, tick)
        return self._finish(frame, F.relu(y)), (*inputs, *tokens)

    @torch.no_grad()
    def fold_weight_norm(self) -> None:
        """Replace the normalised weight by a plain one.

        The convolution is made anew: torch would remove the normalisation from a class that copies of it share.
        """
        if parametrize.is_parametrized(self.conv, "weight"):
            plain = self._plain().to(self.conv.weight).train(self.training)
            plain.load_state_dict({"weight": self.conv.weight, "bias": self.conv.bias})
            self.conv = plain

    def _finish(self, x: Tensor, y: Tensor) -> Tensor:
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class NacTcn(Streaming):
    """A stack of temporal blocks, the dilation of which grows from block to block, and a head for each frame.

    Args:
        in_channels: Features of a frame (B, c).
        channels: Channels of each block.
        kernel_size: Frames k that convolutions and attentions take; odd.
        base: Block i (from 0) has dilation base^i.
        heads: Attention heads.
        outputs: Numbers per frame.
        squash: Whether outputs are squashed to [-1, 1], as valence and arousal are.
        variant: Of the attention, see `NeighbourhoodAttention`; weights fit the one they were trained with.
        dropout: Share of channels that are left out in training.
        always_project: Whether every block has a 1x1 convolution around it.
    """

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        (r"^(tcn\.0|temporal)\.", ""),
        (r"^(backbone|feat)\..*", ""),  # the image encoder is no part of this network
        (r"^network\.\d+\.net_\d\..*", ""),  # the published blocks have each layer under two names
        (r"\.conv1\.weight_g$", ".conv.parametrizations.weight.original0"),
        (r"\.conv1\.weight_v$", ".conv.parametrizations.weight.original1"),
        (r"\.conv1\.bias$", ".conv.bias"),
        (r"\.conv2\.", ".attention."),
        (r"^(fc_gru\.1|fc)\.", "head."),
    )

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        kernel_size: int,
        base: int = 2,
        *,
        heads: int = 2,
        outputs: int = 2,
        squash: bool = True,
        variant: Variant = "A",
        dropout: float = 0.2,
        always_project: bool = False,
    ) -> None:
        super().__init__()
        if not channels:
            raise ValueError("NAC-TCN needs a block")
        blocks = [
            TemporalBlock(
                before,
                after,
                kernel_size,
                base**i,
                heads,
                variant=variant,
                dropout=dropout,
                always_project=always_project,
            )
            for i, (before, after) in enumerate(zip((in_channels, *channels), channels, strict=False))
        ]
        self.network = Sequential(*blocks)
        self.head = Linear(channels[-1], outputs)
        self.squash = squash
        self.frame_shape = (in_channels,)
        self.receptive_field, self.padding, self.stride = compose([self.network])
        self.memories = self.network.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return tuple(slot._replace(name=f"network.{slot.name}") for slot in self.network.slots(frame_shape))

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.head.out_features,)

    def forward(self, clip: Tensor) -> Tensor:
        """Map features (B, c, T) to values per frame (B, outputs, T)."""
        return self._answer(self.network(clip))

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        output, memory = self.network.advance(frame, memory, tick)
        return None if output is None else self._answer(output), memory

    def fold_weight_norm(self) -> NacTcn:
        """Replace the normalised weights, which help in training, by plain ones, which cost nothing; return self."""
        for module in self.modules():
            if isinstance(module, TemporalBlock):
                module.fold_weight_norm()
        return self

    def for_inference(self) -> NacTcn:
        return copy.deepcopy(self).fold_weight_norm()

    def _answer(self, features: Tensor) -> Tensor:
        values = self.head(F.relu(features))
        return torch.tanh(values) if self.squash else values


@dataclass(frozen=True)
class NacTcnConfig:
    """A published size of NAC-TCN; what the paper does not say was found from its parameter counts.

    Attributes:
        in_channels: Features of a frame.
        channels: Channels of each block.
        kernel_size: Frames of convolutions and attentions.
        base: Of the dilations.
        outputs: Numbers per frame.
        squash: Whether outputs are squashed to [-1, 1].
        heads: Attention heads.
    """

    in_channels: int
    channels: tuple[int, ...]
    kernel_size: int
    base: int
    outputs: int
    squash: bool
    heads: int

    def build(self, variant: Variant = "A") -> NacTcn:
        """Return a new network of this size."""
        return NacTcn(
            self.in_channels,
            self.channels,
            self.kernel_size,
            self.base,
            heads=self.heads,
            outputs=self.outputs,
            squash=self.squash,
            variant=variant,
        )


ConfigName = Literal["affwild2-sm", "affwild2-lg", "emoreact-sm", "emoreact-lg", "afew-sm", "afew-lg"]

CONFIGS: dict[ConfigName, NacTcnConfig] = {
    "affwild2-sm": NacTcnConfig(440, (128,) * 5, 7, 2, outputs=2, squash=True, heads=2),  # valence, arousal
    "affwild2-lg": NacTcnConfig(440, (512,) * 3, 9, 3, outputs=2, squash=True, heads=2),
    "emoreact-sm": NacTcnConfig(784, (128,) * 3, 9, 4, outputs=8, squash=False, heads=1),  # emotions, logits
    "emoreact-lg": NacTcnConfig(784, (440,) * 3, 7, 4, outputs=8, squash=False, heads=1),
    "afew-sm": NacTcnConfig(440, (32,) * 3, 11, 2, outputs=40, squash=False, heads=1),  # two levels of 20, logits
    "afew-lg": NacTcnConfig(440, (128,) * 2, 11, 2, outputs=40, squash=False, heads=1),
}
