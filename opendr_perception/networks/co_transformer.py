"""Continual transformer encoder for streams of features, as in CoOadTR [Hedegaard 2022, Continual Transformers]."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from opendr_perception.streaming.channel import LayerNorm, Linear
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.encoder import Mode, TransformerEncoder
from opendr_perception.streaming.position import RecyclingPositionalEncoding


class CoTransformer(Sequential):
    """Embedding, recycling positions, encoder, norm and classifier; it scores each frame by the last n.

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
    """

    embed: Linear
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
    ) -> None:
        encoder = TransformerEncoder(
            channels, heads, window, hidden, layers, mode=mode, dropout=dropout, bias=bias, class_token=class_token
        )
        super().__init__(
            OrderedDict(
                embed=Linear(in_channels, channels),
                positions=RecyclingPositionalEncoding(channels, period or 2 * window - 1, learned=learned_positions),
                encoder=encoder,
                norm=LayerNorm(channels),
                classifier=Linear(channels, num_classes),
            )
        )
        self.frame_shape = (in_channels,)

    def forward_window(self, clip: Tensor, offset: int = 0) -> Tensor:
        """Score the newest frame of a clip of up to n frames, which is the cheapest way to train.

        Args:
            clip: (B, c, T).
            offset: Position of the first frame; draw it at random, so that the network learns differences alone.

        Returns:
            (B, classes), logits.
        """
        tokens = self.positions(self.embed(clip), offset)
        scores: Tensor = self.classifier(self.norm(self.encoder.encode_window(tokens)))
        return scores
