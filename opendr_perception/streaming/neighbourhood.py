"""Causal dilated neighbourhood attention, the attention of NAC-TCN [Mehta 2023, sec. 3.3].

Each frame attends to k frames at distances 0, d, 2 d, ..., (k - 1) d before it. What lies before the stream, and which
frames the query meets, is not said the same way by the paper and by its published code, so there are three variants:

* `A`: the text. Before the stream there are tokens of zeros; their keys and values are the biases of the projections.
* `M`: as A, but what lies before the stream is masked.
* `B`: the published code, which shifts a *centred* neighbourhood attention by P = (k - 1) d frames: the query is that
  of the frame P before, and meets keys between 1.5 P and 0.5 P before. Close to the start, the neighbourhood sticks
  to the border as it does in NATTEN. The attention of this variant lags; use it for weights that were trained so.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from opendr_perception.streaming.channel import Linear
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, push

Variant = Literal["A", "M", "B"]


class NeighbourhoodAttention(Streaming):
    """Attention to k frames at distances of d; parameters are named as in NATTEN.

    Args:
        channels: Channels C of a frame.
        heads: Attention heads; must divide the channels.
        kernel_size: Frames k that a query meets; odd.
        dilation: Distance d of those frames.
        variant: See above.
    """

    def __init__(
        self, channels: int, heads: int, kernel_size: int, dilation: int = 1, *, variant: Variant = "A"
    ) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{heads} heads do not divide {channels} channels")
        if kernel_size < 3 or kernel_size % 2 == 0 or dilation < 1:
            raise ValueError(f"a neighbourhood has an odd number of frames, not {kernel_size}, and dilation >= 1")
        if variant not in ("A", "M", "B"):
            raise ValueError(f"no variant {variant!r}: A, M or B")
        self.channels, self.heads, self.variant = channels, heads, variant
        self.kernel_size, self.dilation = kernel_size, dilation
        self.qkv = Linear(channels, 3 * channels)
        self.rpb = nn.Parameter(torch.zeros(heads, 2 * kernel_size - 1))  # bias per distance; causal ones use k of it
        self.proj = Linear(channels, channels)
        nn.init.trunc_normal_(self.rpb, std=0.02)
        self.lag = (kernel_size - 1) * dilation if variant == "B" else 0  # of the query
        self.past = (kernel_size - 1) * dilation + self.lag // 2  # of the oldest key
        self.receptive_field, self.padding = self.past + 1, self.past
        self.memories = 3 if variant == "B" else 2

    def extra_repr(self) -> str:
        return (
            f"{self.channels}, heads={self.heads}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"variant={self.variant}"
        )

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        bias_q, bias_k, bias_v = self._biases()
        slots = (
            Slot("keys", (self.channels, self.past), bias_k),
            Slot("values", (self.channels, self.past), bias_v),
            Slot("queries", (self.channels, self.lag), bias_q),
        )
        return slots[: self.memories]

    def forward(self, clip: Tensor) -> Tensor:
        """Attend in a clip (B, C, T): (B, C, T)."""
        frames = clip.shape[2]
        time, biases = torch.arange(frames, device=clip.device), self._biases()
        q, k, v = self._project(clip)
        q = torch.cat((biases[0].expand(len(clip), -1, self.lag), q), 2)[:, :, :frames]
        k, v = (torch.cat((b.expand(len(clip), -1, self.past), x), 2) for b, x in zip(biases[1:], (k, v), strict=True))
        neighbours, distance = self._neighbourhood(time)
        k, v = (x[:, :, neighbours + self.past] for x in (k, v))  # (B, C, T, k)
        allowed = neighbours >= 0 if self.variant == "M" else None
        return self.proj(self._attend(q, k, v, self.rpb[:, distance], allowed))

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        q, k, v = self._project(frame)
        keys, values = push(memory[0], k), push(memory[1], v)
        kept: Memory = (keys[:, :, 1:], values[:, :, 1:])
        if self.variant == "B":
            queries = push(memory[2], q)
            q, kept = queries[:, :, 0], (*kept, queries[:, :, 1:])
            time = tick.index.clamp(min=0)
            neighbours, distance = self._neighbourhood(time)
            place = (neighbours - time[:, None] + self.past)[:, None].expand(-1, self.channels, -1)
            keys, values = keys.gather(2, place), values.gather(2, place)
            bias = self.rpb[:, distance].transpose(0, 1).unsqueeze(2)  # (B, heads, 1, k)
            allowed = None
        else:
            keys, values = keys[:, :, :: self.dilation], values[:, :, :: self.dilation]
            bias = self.rpb[:, None, : self.kernel_size]
            back = self.dilation * torch.arange(self.kernel_size - 1, -1, -1, device=frame.device)
            allowed = (back <= tick.index[:, None].clamp(min=0))[:, None, None] if self.variant == "M" else None
        by_head = (-1, self.heads, self.channels // self.heads, self.kernel_size)  # constants in an exported step
        scores = q.reshape(-1, self.heads, 1, self.channels // self.heads) @ keys.reshape(by_head) + bias
        if allowed is not None:
            scores = scores.masked_fill(~allowed, float("-inf"))
        mixed = values.reshape(by_head) @ scores.softmax(3).transpose(2, 3)
        return self.proj(mixed.reshape(-1, self.channels)), kept

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.qkv(x).split(self.channels, 1)
        return q / math.sqrt(self.channels // self.heads), k, v

    def _biases(self) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value (C, 1) of a token of zeros."""
        assert self.qkv.bias is not None
        q, k, v = self.qkv.bias[:, None].chunk(3)
        return q / math.sqrt(self.channels // self.heads), k, v

    def _neighbourhood(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frames that the query of each time meets, and the columns of `rpb` for them: two (..., k)."""
        d, half = self.dilation, self.kernel_size // 2
        tap = torch.arange(self.kernel_size, device=time.device)
        time = time[..., None]
        if self.variant != "B":
            return time + d * (tap - self.kernel_size + 1), tap.expand(*time.shape[:-1], -1)
        border = time < half * d
        first = torch.where(border, time % d, time - half * d) - self.lag
        column = torch.where(border, self.kernel_size - 1 - time // d, half)
        return first + d * tap, column + tap

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, allowed: Tensor | None) -> Tensor:
        """Let queries (B, C, T) look at their own keys and values (B, C, T, k): (B, C, T)."""
        q, k, v = (x.unflatten(1, (self.heads, -1)) for x in (q, k, v))
        scores = (q.transpose(2, 3).unsqueeze(3) @ k.transpose(2, 3)).squeeze(3) + bias  # (B, heads, T, k)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, float("-inf"))
        mixed = v.transpose(2, 3) @ scores.softmax(3).unsqueeze(4)  # (B, heads, T, e, 1)
        return mixed.squeeze(4).transpose(2, 3).flatten(1, 2)
