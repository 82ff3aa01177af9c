"""Continual Transformer encoders [Hedegaard 2022, Continual Transformers, sec. 3.4]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.attention import RetroactiveAttention, SingleOutputAttention, windows_of
from opendr_perception.streaming.channel import LayerNorm, Linear
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, push

Activation = Literal["relu", "gelu"]
Mode = Literal["window", "causal"]


class EncoderLayer(Streaming):
    """Attention and a feed-forward net, with the parameters of `nn.TransformerEncoderLayer`.

    The layer answers for the newest token. `retroactive` layers answer for all tokens of the window, (B, E, n).

    Args:
        channels: Channels E of a token.
        heads: Attention heads.
        window: Tokens n that attend to each other.
        hidden: Channels of the feed-forward net.
        retroactive: Answer for all tokens of the window.
        norm_first: Normalise before attention and feed-forward net, not after the sums.
        activation: Of the feed-forward net.
        dropout: In training.
        bias: Whether the projections of query, key and value have a bias.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        hidden: int,
        *,
        retroactive: bool = False,
        norm_first: bool = False,
        activation: Activation = "relu",
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        attention = RetroactiveAttention if retroactive else SingleOutputAttention
        self.self_attn: SingleOutputAttention | RetroactiveAttention = attention(channels, heads, window, bias=bias)
        self.linear1 = Linear(channels, hidden)
        self.linear2 = Linear(hidden, channels)
        self.norm1 = LayerNorm(channels)
        self.norm2 = LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)
        self.activation: Callable[[Tensor], Tensor] = F.relu if activation == "relu" else F.gelu
        self.norm_first, self.retroactive, self.window = norm_first, retroactive, window
        self.receptive_field, self.padding = window, window - 1
        self.memories = self.self_attn.memories + (1 if retroactive else 0)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        tokens = (Slot("tokens", (frame_shape[0], self.window - 1)),) if self.retroactive else ()
        inner = (slot._replace(name=f"self_attn.{slot.name}") for slot in self.self_attn.slots(frame_shape))
        return (*tokens, *inner)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return self.self_attn.output_shape(frame_shape)

    def forward(self, clip: Tensor) -> Tensor:
        """Encode a clip (B, E, T) with a banded causal mask: (B, E, T); a retroactive layer (B, E, T, n)."""
        tokens = windows_of(clip, self.window)[0] if self.retroactive else clip
        return self.finish(tokens, self.self_attn(self.before(clip)))

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        if not self.retroactive:
            mixed, memory = self.self_attn.update(self.before(frame), memory, tick)
            return self.finish(frame, mixed), memory
        tokens = push(memory[0], frame)  # the shortcut around attention needs the rows' own tokens
        mixed, inner = self.self_attn.update(self.before(frame), memory[1:], tick)
        return self.finish(tokens, mixed), (tokens[:, :, 1:], *inner)

    def before(self, tokens: Tensor) -> Tensor:
        """Return what attention sees of tokens (B, E, ...)."""
        return self.norm1(tokens) if self.norm_first else tokens

    def finish(self, tokens: Tensor, mixed: Tensor) -> Tensor:
        """Add what attention mixed (B, E, ...) to the tokens of that shape, and apply the feed-forward net."""
        y = tokens + self.dropout(mixed)
        if self.norm_first:
            return y + self._feed_forward(self.norm2(y))
        y = self.norm1(y)
        return self.norm2(y + self._feed_forward(y))

    def encode(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Encode whole windows as an ordinary layer does.

        Args:
            tokens: (B, E, n).
            seen: (B, n) bool, the places that hold a token.
        """
        x = self.before(tokens)
        mixed = self.self_attn.attend(*self.self_attn.project(x), seen[:, None, None])
        return self.finish(tokens, self.self_attn.output(mixed))

    def encode_newest(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Encode whole windows, but for the newest token alone: (B, E).

        The keys and values of all tokens are needed once only, so they are not computed: with weights K and V,
        q · (K x) = (Kᵀ q) · x and Σ a (V x) = V (Σ a x), which takes two small products per head for n per token. The
        bias of the keys shifts all scores of a query alike, and cancels.
        """
        attention = self.self_attn
        x = self.before(tokens)
        weight_q, weight_k, weight_v = attention.in_proj_weight.chunk(3)
        bias_q, _, bias_v = attention.in_proj_bias.chunk(3) if attention.in_proj_bias is not None else (None,) * 3
        heads = attention.heads
        q = F.linear(x[:, :, -1], weight_q, bias_q).unflatten(1, (heads, 1, -1)) / (x.shape[1] // heads) ** 0.5
        scores = (q @ weight_k.unflatten(0, (heads, -1))).squeeze(2) @ x  # (B, heads, n)
        shares = scores.masked_fill(~seen[:, None], float("-inf")).softmax(2)
        means = (shares @ x.transpose(1, 2)).unsqueeze(2)  # (B, heads, 1, E): what each head looks at
        mixed = (means @ weight_v.unflatten(0, (heads, -1)).transpose(1, 2)).flatten(1)
        if bias_v is not None:
            mixed = mixed + bias_v
        return self.finish(tokens[:, :, -1], attention.output(mixed))

    def _feed_forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        return self.dropout(self.linear2(hidden))


class TransformerEncoder(Streaming):
    """A stack of encoder layers, with the parameters of `nn.TransformerEncoder`, that answers for the newest token.

    * `window`: each output is that of the ordinary encoder on the last n tokens. One layer needs the newest query only.
      With more, the first is retroactive, those in the middle encode the whole window, the last only its newest token.
    * `causal`: each layer attends to the n tokens before its own: the ordinary encoder with a banded causal mask, so
      train it with `forward`. Each step costs O(n) at any depth, and the receptive field grows with depth.

    Args:
        channels: Channels E of a token.
        heads: Attention heads.
        window: Tokens n that attend to each other.
        hidden: Channels of the feed-forward nets.
        layers: Number of layers.
        mode: See above.
        norm: Whether a norm follows the last layer.
        norm_first: Normalise before attention and feed-forward nets, not after the sums.
        activation: Of the feed-forward nets.
        dropout: In training.
        bias: Whether the projections of query, key and value have a bias.
        class_token: Layer, from the second on (2), which a learned token joins, whose place the answer comes from; 0
            for none. Only of a `window` of several layers: in the first it would be a second token with each step.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        hidden: int,
        layers: int,
        *,
        mode: Mode = "window",
        norm: bool = False,
        norm_first: bool = False,
        activation: Activation = "relu",
        dropout: float = 0.0,
        bias: bool = True,
        class_token: int = 0,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError("an encoder needs a layer")
        self.windowed = mode == "window" and layers > 1
        if class_token and not (self.windowed and 2 <= class_token <= layers):
            raise ValueError(
                f"a class token joins one of the layers 2 to {layers} of a window, not layer {class_token}"
            )
        self.layers = nn.ModuleList(
            EncoderLayer(
                channels,
                heads,
                window,
                hidden,
                retroactive=self.windowed and i == 0,
                norm_first=norm_first,
                activation=activation,
                dropout=dropout,
                bias=bias,
            )
            for i in range(layers)
        )
        self.norm = LayerNorm(channels) if norm else None
        self.class_layer = class_token
        self.class_token = nn.Parameter(torch.empty(channels).normal_(std=0.02)) if class_token else None
        self.window = window
        self.receptive_field = window if self.windowed else layers * (window - 1) + 1
        self.padding = self.receptive_field - 1
        self.memories = sum(layer.memories for layer in self._streaming_layers())

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return tuple(
            slot._replace(name=f"layers.{i}.{slot.name}")
            for i, layer in enumerate(self._streaming_layers())
            for slot in layer.slots(frame_shape)
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Encode a clip (B, E, T): one output per token, (B, E, T).

        In `window` mode of several layers this encodes T windows; to train, `encode_window` has the last one alone.
        """
        if not self.windowed:
            for layer in self.layers:
                clip = layer(clip)
            return self._normed(clip)
        windows, seen = windows_of(clip, self.window)
        newest = self._encode(windows.movedim(2, 1).flatten(0, 1), seen.repeat(clip.shape[0], 1))
        return self._normed(newest.unflatten(0, (clip.shape[0], -1)).transpose(1, 2))

    def encode_window(self, clip: Tensor) -> Tensor:
        """Encode a clip (B, E, T) of up to n tokens for its newest token alone, as an ordinary encoder: (B, E)."""
        if clip.shape[2] > self.window:
            raise ValueError(f"{clip.shape[2]} tokens do not fit a window of {self.window}")
        if not self.windowed:
            return self(clip)[:, :, -1]
        return self._normed(self._encode(clip, clip.new_ones(clip.shape[0], clip.shape[2], dtype=torch.bool)))

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        x = frame
        new: Memory = ()
        for layer in self._streaming_layers():
            x, mine = layer.update(x, memory[: layer.memories], tick)
            new, memory = (*new, *mine), memory[layer.memories :]
        if self.windowed:
            x = self._encode_rest(x, self._all_layers()[0].self_attn.seen(tick))
        return self._normed(x), new

    def _all_layers(self) -> list[EncoderLayer]:
        return cast("list[EncoderLayer]", list(self.layers))

    def _streaming_layers(self) -> list[EncoderLayer]:
        """Return the layers that have a memory."""
        return self._all_layers()[:1] if self.windowed else self._all_layers()

    def _encode(self, tokens: Tensor, seen: Tensor) -> Tensor:
        return self._encode_rest(self._all_layers()[0].encode(tokens, seen), seen)

    def _encode_rest(self, tokens: Tensor, seen: Tensor) -> Tensor:
        *middle, last = self._all_layers()[1:]
        for number, layer in enumerate(middle, 2):
            tokens, seen = self._joined(number, tokens, seen)
            tokens = layer.encode(tokens, seen)
        return last.encode_newest(*self._joined(len(self.layers), tokens, seen))

    def _joined(self, number: int, tokens: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, E, n) and the places seen (B, n) of a layer, with the class token behind where it joins there."""
        if self.class_token is None or number != self.class_layer:
            return tokens, seen
        token = self.class_token.to(tokens.dtype).expand(tokens.shape[0], 1, -1).transpose(1, 2)
        return torch.cat((tokens, token), 2), torch.cat((seen, seen.new_ones(seen.shape[0], 1)), 1)

    def _normed(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)
