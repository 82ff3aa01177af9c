"""Continual attention over the last n tokens of a stream [Hedegaard 2022, Continual Transformers].

Keys and values stay the same while a token is in the window, so they are computed once and kept.

* `SingleOutputAttention` answers for the newest token: one query, O(n) per step.
* `RetroactiveAttention` answers for all n tokens of the window, which all change as a token comes and one leaves. A
  network needs it where a further block looks at the whole window.

While the window fills, attention is over the tokens there are: from the first token on, each output is that of
`nn.MultiheadAttention` on the tokens seen. Parameters are named as in `nn.MultiheadAttention`.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, push

EXACT_UP_TO = 128  # tokens in a window; beyond, updating rows is cheaper than computing them


class _Attention(Streaming):
    """Projections of multi-head attention over a window of tokens.

    Args:
        channels: Channels E of a token.
        heads: Attention heads; must divide the channels.
        window: Tokens n that attend to each other.
        bias: Whether the projections of query, key and value have a bias.
    """

    def __init__(self, channels: int, heads: int, window: int, *, bias: bool = True) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{heads} heads do not divide {channels} channels")
        if window < 2:
            raise ValueError(f"a window of {window} tokens needs no attention")
        self.channels, self.heads, self.window = channels, heads, window
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * channels)) if bias else None
        self.out_proj = nn.Linear(channels, channels)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)
        self.receptive_field, self.padding = window, window - 1

    def extra_repr(self) -> str:
        return f"{self.channels}, heads={self.heads}, window={self.window}"

    def project(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return query, key and value of tokens (B, E, ...), each of that shape; queries are scaled by 1/√e."""
        qkv = F.linear(tokens.transpose(1, -1), self.in_proj_weight, self.in_proj_bias).transpose(1, -1)
        q, k, v = qkv.split(self.channels, 1)
        return q / math.sqrt(self.channels // self.heads), k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """Let scaled queries (B, E, m) look at keys and values (B, E, n) where mask (..., m, n) allows: (B, E, m)."""
        q, k, v = (self._split(x) for x in (q, k, v))
        scores = (q.transpose(2, 3) @ k).masked_fill(~mask, float("-inf"))
        return (v @ scores.softmax(3).transpose(2, 3)).flatten(1, 2)

    def output(self, mixed: Tensor) -> Tensor:
        """Apply the output projection to (B, E, ...)."""
        return self.out_proj(mixed.transpose(1, -1)).transpose(1, -1)

    def _split(self, x: Tensor) -> Tensor:
        """Split channels (B, E, ...) by head: (B, heads, e, ...)."""
        return x.unflatten(1, (self.heads, -1))

    def seen(self, tick: Tick) -> Tensor:
        """(B, n) bool: the places of the window, oldest first, that hold a token."""
        age = torch.arange(self.window - 1, -1, -1, device=tick.time.device)
        return age <= tick.index[:, None].clamp(min=0)  # the newest place always does


class SingleOutputAttention(_Attention):
    """Attention of the newest token to the last n tokens [Hedegaard 2022, Continual Transformers, eq. 7].

    Over a clip it is attention with a banded causal mask, so blocks of it can be stacked to any depth.
    """

    memories = 2

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return Slot("keys", (self.channels, self.window)), Slot("values", (self.channels, self.window))

    def forward(self, clip: Tensor) -> Tensor:
        """Attend in a clip (B, E, T): each token to itself and the n - 1 before it; (B, E, T)."""
        time = torch.arange(clip.shape[2], device=clip.device)
        past = time[:, None] - time
        return self.output(self.attend(*self.project(clip), (past >= 0) & (past < self.window)))

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        # Attention does not ask for the order of tokens, so the newest may take the place of the oldest.
        index = (tick.index if tick.delay == 0 else tick.index.clamp(min=0))[:, None, None]
        place = (index % self.window).expand(-1, self.channels, 1)
        each = self.channels // self.heads
        q, *new = self._project_one(frame).split(self.channels, 1)
        keys, values = (ring.scatter(2, place, x) for ring, x in zip(memory, new, strict=True))
        filled = torch.arange(self.window, device=index.device) <= index[:, None]
        scores = q.reshape(-1, self.heads, 1, each) @ keys.reshape(-1, self.heads, each, self.window)
        weights = torch.where(filled, scores, float("-inf")).softmax(3)
        mixed = values.reshape(-1, self.heads, each, self.window) @ weights.reshape(-1, self.heads, self.window, 1)
        return self.out_proj(mixed.reshape(-1, self.channels)), (keys, values)

    def _project_one(self, frame: Tensor) -> Tensor:
        """Query, key and value (B, 3 E, 1) of a token (B, E); in an exported network weights contain the scale."""
        scale = torch.ones(3 * self.channels, 1, dtype=frame.dtype, device=frame.device)
        scale[: self.channels] = 1 / math.sqrt(self.channels // self.heads)
        bias = None if self.in_proj_bias is None else self.in_proj_bias * scale[:, 0]
        return F.linear(frame, self.in_proj_weight * scale, bias).unsqueeze(2)


class RetroactiveAttention(_Attention):
    """Attention of all of the last n tokens to each other; an output is (B, E, n), oldest token first.

    `exact` keeps query, key and value of each token and computes all rows anew: no error can grow, and what follows in
    a block (projection and feed-forward of n tokens) costs more. `incremental` [eq. 2-6] keeps each row's sum of values
    and its normaliser, takes away what leaves and adds what comes: O(n) per step. As printed, it overflows and loses
    all digits once a token that dominated a row leaves; here sums are relative to the row's maximum, and rows that
    lost half of their mass are computed anew, so that the time of a step depends on the data.

    Rows of places that hold no token yet have no meaning.

    Args:
        channels: Channels E of a token.
        heads: Attention heads; must divide the channels.
        window: Tokens n that attend to each other.
        bias: Whether the projections of query, key and value have a bias.
        method: How to compute, see above; `auto` is exact for windows of up to 128 tokens.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        *,
        bias: bool = True,
        method: Literal["auto", "exact", "incremental"] = "auto",
    ) -> None:
        super().__init__(channels, heads, window, bias=bias)
        self.method = method if method != "auto" else "exact" if window <= EXACT_UP_TO else "incremental"
        self.memories = 3 if self.method == "exact" else 7

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        past = self.window - 1
        if self.method == "exact":
            return tuple(Slot(name, (self.channels, past)) for name in ("queries", "keys", "values"))
        return (
            Slot("queries", (self.channels, past)),
            Slot("keys", (self.channels, past + 1)),  # one more: the token that leaves
            Slot("values", (self.channels, past + 1)),
            Slot("sums", (self.channels, past)),  # of values, weighted by exp(score - maximum)
            Slot("masses", (self.heads, past)),  # sum of the weights
            Slot("maxima", (self.heads, past)),
            Slot("peaks", (self.heads, past)),  # the greatest mass since the row was computed
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.channels, self.window)

    def forward(self, clip: Tensor) -> Tensor:
        """Attend in all windows that end in a clip (B, E, T): (B, E, T, n)."""
        windows, seen = windows_of(clip, self.window)
        q, k, v = (x.movedim(2, 1).flatten(0, 1) for x in self.project(windows))
        mixed = self.attend(q, k, v, seen.repeat(clip.shape[0], 1)[:, None, None])
        return self.output(mixed).unflatten(0, (clip.shape[0], -1)).movedim(1, 2)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        if self.method == "incremental":
            return self._update_rows(frame, memory, tick)
        window = [push(queue, new) for queue, new in zip(memory, self.project(frame), strict=True)]
        q, k, v = window
        mixed = self.attend(q, k, v, self.seen(tick)[:, None, None])
        return self.output(mixed), tuple(x[:, :, 1:] for x in window)

    def _update_rows(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        queries, keys, values, sums, masses, maxima, peaks = memory
        q, k, v = self.project(frame)
        keys, values = push(keys, k), push(values, v)
        rows, old_key, old_value = self._split(queries), self._split(keys[:, :, 0]), self._split(values[:, :, 0])

        # The rows of the tokens that stay: take away the oldest token, add the newest.
        left = (tick.index >= self.window).to(q.dtype)[:, None, None]  # 1 where a token leaves, not an empty place
        score = (rows * self._split(k)[..., None]).sum(2)
        highest = torch.maximum(maxima, score)
        scale, gain = (maxima - highest).exp(), (score - highest).exp()
        loss = left * ((rows * old_key[..., None]).sum(2) - highest).exp()
        masses = masses * scale + gain - loss
        sums = self._split(sums) * scale.unsqueeze(2) + gain.unsqueeze(2) * self._split(v)[..., None]
        sums = sums - loss.unsqueeze(2) * old_value[..., None]
        peaks = torch.maximum(peaks * scale, masses)

        # Rows that lost most of their mass have lost digits, too: compute them anew, and the row of the newest token.
        queries = push(queries, q)
        worn = F.pad(masses < 0.5 * peaks, (0, 1), value=True)
        sums, masses, highest, peaks = (F.pad(x, (0, 1)) for x in (sums, masses, highest, peaks))
        place = stream, head, _ = worn.nonzero(as_tuple=True)
        query = self._split(queries).transpose(2, 3)[place]  # (rows, e)
        scores = (query[:, :, None] * self._split(keys[:, :, 1:])[stream, head]).sum(1)
        scores = scores.masked_fill(~self.seen(tick)[stream], float("-inf"))
        maximum = scores.amax(1)
        weights = (scores - maximum[:, None]).exp()
        total = (self._split(values[:, :, 1:])[stream, head] * weights[:, None]).sum(2)
        highest = highest.index_put(place, maximum)
        masses, peaks = (x.index_put(place, weights.sum(1)) for x in (masses, peaks))
        sums = sums.transpose(2, 3).index_put(place, total).transpose(2, 3)

        mixed = (sums / masses.unsqueeze(2)).flatten(1, 2)
        kept = (queries, keys, values, sums.flatten(1, 2), masses, highest, peaks)
        return self.output(mixed), tuple(x[:, :, 1:] for x in kept)


def windows_of(clip: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Return all windows that end in a clip.

    Args:
        clip: (B, E, T), tokens.
        window: Tokens in a window, n.

    Returns:
        The windows (B, E, T, n), zeros before the clip's start, and which places hold a token, (T, n) bool.
    """
    frames = clip.shape[2]
    windows = F.pad(clip, (window - 1, 0)).unfold(2, window, 1)
    place = torch.arange(window, device=clip.device)
    return windows, place >= window - 1 - torch.arange(frames, device=clip.device)[:, None]
