"""Positions that fit a stream without end [Hedegaard 2022, Continual Transformers, sec. 3.3]."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory


class RecyclingPositionalEncoding(Streaming):
    """Add position `t mod period` to the t-th token, once, when it arrives.

    A position of the *window* would change with every step, and with it all cached keys and values. A recycled position
    stays with its token. With a period of at least 2 n - 1 for windows of n tokens, differences are unambiguous.
    Train with a random `offset`, so that the network learns differences alone.

    Args:
        channels: Channels of a token.
        period: Number of positions before they repeat.
        learned: Learn the table; else it holds sines and cosines of whole numbers of turns per period, which make
            every difference of positions look the same wherever the two tokens are.
    """

    table: Tensor

    def __init__(self, channels: int, period: int, *, learned: bool = False) -> None:
        super().__init__()
        if period < 1:
            raise ValueError(f"a period of {period} positions")
        self.period = period
        if learned:
            self.table = nn.Parameter(torch.empty(period, channels).normal_(std=0.02))
        else:
            self.register_buffer("table", _cyclic_table(channels, period), persistent=False)

    def forward(self, clip: Tensor, offset: int = 0) -> Tensor:
        """Encode a clip of tokens (B, C, T), the first of which has position `offset`."""
        position = (offset + torch.arange(clip.shape[2], device=clip.device)) % self.period
        return clip + self.table[position].to(clip.dtype).T

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        return frame + F.embedding(tick.index % self.period, self.table).to(frame.dtype), memory


def _cyclic_table(channels: int, period: int) -> Tensor:
    fastest = max(period // 2, 1)  # no more turns than half the samples
    turns = torch.logspace(0, math.log2(fastest), (channels + 1) // 2, base=2.0, dtype=torch.float64).round()
    angle = 2 * math.pi / period * torch.arange(period, dtype=torch.float64)[:, None] * turns
    return torch.stack((angle.sin(), angle.cos()), 2).flatten(1)[:, :channels].to(torch.get_default_dtype())
