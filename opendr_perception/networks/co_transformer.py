"""Continual transformer encoder for streams of features, as in CoOadTR [Hedegaard 2022, Continual Transformers]."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from opendr_perception.streaming.channel import LayerNorm, Linear
from opendr_perception.streaming.compose import Residual, Sequential
from opendr_perception.streaming.conv import Conv1d
from opendr_perception.streaming.encoder import Mode, TransformerEncoder
from opendr_perception.streaming.position import RecyclingPositionalEncoding


def causal_block(channels: int, dilation: int) -> Residual:
    """Return a causal convolution of three taps with norm and ReLU, and a shortcut around it: (B, E, T) to the same."""
    conv = Conv1d(channels, channels, 3, dilation=dilation, causal=True)
    body = Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm1d(channels), relu=nn.ReLU()))
    return Residual(body, align="newest")


def causal_blocks(channels: int, dilations: tuple[int, ...]) -> Sequential:
    """Return causal blocks one after the other, one for each dilation."""
    named = ((f"block{number}", causal_block(channels, each)) for number, each in enumerate(dilations, 1))
    return Sequential(OrderedDict[str, nn.Module](named))


class CoTransformer(Sequential):
    """Embedding, recycling positions, encoder, norm and classifier; it scores each frame by the last n.

    With `local`, causal convolutions follow the embedding, so that a token tells how its frame came about.

    Args:
        in_channels: Features of a frame (B, c).
        num_classes: Scores per frame.
        channels: Channels E of a token.
        heads: Attention heads.
        window: Tokens n that attend to each other.
        hidden: Channels of the feed-forward nets.
        layers: Encoder layers.
        mode: `window` for the ordinary encoder on the last n frames, `causal` for a banded one, see
            `TransformerEncoder`.
        period: Positions before they repeat, by default 2 n - 1.
        learned_positions: Learn the positions.
        bias: Whether queries, keys and values have a bias.
        dropout: In training.
        class_token: Layer that a class token joins, see `TransformerEncoder`; 0 for none.
        local: Dilations of the convolutions of three taps before the encoder, in frames.

    Attributes:
        before: Frames before its own that a token tells of.
    """

    embed: Linear
    local: Sequential
    positions: RecyclingPositionalEncoding
    encoder: TransformerEncoder
    norm: LayerNorm
    classifier: nn.Module

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        channels: int = 1024,
        heads: int = 8,
        window: int = 64,
        hidden: int = 1024,
        layers: int = 1,
        mode: Mode = "window",
        period: int | None = None,
        learned_positions: bool = False,
        bias: bool = False,
        dropout: float = 0.1,
        class_token: int = 0,
        local: tuple[int, ...] = (),
    ) -> None:
        encoder = TransformerEncoder(
            channels, heads, window, hidden, layers, mode=mode, dropout=dropout, bias=bias, class_token=class_token
        )
        super().__init__(
            OrderedDict(
                embed=Linear(in_channels, channels),
                local=causal_blocks(channels, local),
                positions=RecyclingPositionalEncoding(channels, period or 2 * window - 1, learned=learned_positions),
                encoder=encoder,
                norm=LayerNorm(channels),
                classifier=Linear(channels, num_classes),
            )
        )
        self.frame_shape = (in_channels,)
        self.before = 2 * sum(local)

    def tokens(self, clip: Tensor, offset: int = 0) -> Tensor:
        """Return the last tokens of a clip (B, c, T), up to n of them: (B, E, n)."""
        return self.positions(self.local(self.embed(clip))[:, :, -self.encoder.window :], offset)

    def forward_window(self, clip: Tensor, offset: int = 0) -> Tensor:
        """Score the newest frame of a clip, which is the cheapest way to train.

        Args:
            clip: (B, c, T) of up to n frames from the first of a stream on, or the last `before` + n of a stream.
            offset: Position of the first token; draw it at random, so that the network learns differences alone.

        Returns:
            (B, classes), logits.
        """
        scores: Tensor = self.classifier(self.norm(self.encoder.encode_window(self.tokens(clip, offset))))
        return scores
