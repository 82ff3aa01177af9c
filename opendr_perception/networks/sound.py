"""Network that names sounds: small convolutions over each patch of log-mel frames, then a continual transformer.

As in the audio experiments of [Hedegaard 2022, Continual Transformers, sec. 4.3], a token describes a short patch, and
an encoder with recycled positions relates the tokens of the last seconds. Convolutions have no padding in time, so the
tokens of a whole recording are those of its patches, and a step costs the same whenever it comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.co_transformer import CoTransformer
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.encoder import Mode
from opendr_perception.streaming.state import Memory, Shape


class SoundPatches(Streaming):
    """A token for each patch of log-mel frames.

    Args:
        bands: of a log-mel frame; a power of two times what is left after the blocks.
        widths: channels of the convolutions 3x3, each of which pooling follows.
        pools: frames that each pooling joins; bands are joined by two.

    Attributes:
        field: frames of a patch.
        hop: frames from one patch to the next.
        features: of a token.
    """

    def __init__(self, bands: int, widths: Sequence[int], pools: Sequence[int]) -> None:
        super().__init__()
        if len(widths) != len(pools) or bands % 2 ** len(pools):
            raise ValueError(f"{len(widths)} widths, {len(pools)} pools and {bands} bands do not fit each other")
        layers: list[nn.Module] = []
        for inner, outer, pool in zip((1, *widths[:-1]), widths, pools, strict=True):
            layers += [nn.Conv2d(inner, outer, 3, padding=(0, 1), bias=False), nn.BatchNorm2d(outer)]
            layers += [nn.ReLU(), nn.MaxPool2d((pool, 2))]
        self.layers = nn.Sequential(*layers)
        self.scale = nn.BatchNorm1d(bands)  # learns the mean and the spread of each band
        self.field, self.hop = 1, 1
        for pool in reversed(pools):
            self.field, self.hop = self.field * pool + 2, self.hop * pool
        self.bands, self.features = bands, widths[-1] * (bands >> len(pools))
        self.frame_shape = (self.field, bands)

    def spread(self, frames: Tensor) -> Tensor:
        """Tokens (B, features, T) of all patches of recordings (B, frames, bands), each computed once."""
        x = self.scale(frames.transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        return self.layers(x).transpose(2, 3).flatten(1, 2)

    def forward(self, clip: Tensor) -> Tensor:
        """Tokens (B, features, T) of patches (B, field, T, bands)."""
        batch, _, tokens, _ = clip.shape
        features = self.spread(clip.transpose(1, 2).flatten(0, 1)).squeeze(2)
        return features.unflatten(0, (batch, tokens)).transpose(1, 2)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.features,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        return self.spread(frame).squeeze(2), memory


class SoundNetwork(Sequential):
    """Patches of log-mel frames (field, bands) -> logits, for the newest patch by those of the window.

    Args:
        classes: number of answers.
        bands: of a frame.
        widths, pools: of the convolutions, see `SoundPatches`.
        channels: of a token in the encoder.
        heads: of its attention.
        window: tokens that attend to each other.
        layers: of the encoder.
        mode: `causal` or `window`, see `streaming.encoder.TransformerEncoder`.
        dropout: in training.
    """

    patches: SoundPatches
    transformer: CoTransformer

    def __init__(
        self,
        classes: int,
        *,
        bands: int = 48,
        widths: Sequence[int] = (12, 24, 48, 96),
        pools: Sequence[int] = (2, 2, 2, 2),
        channels: int = 96,
        heads: int = 4,
        window: int = 20,
        layers: int = 1,
        mode: Mode = "causal",
        dropout: float = 0.1,
    ) -> None:
        patches = SoundPatches(bands, widths, pools)
        transformer = CoTransformer(
            patches.features,
            classes,
            channels=channels,
            heads=heads,
            window=window,
            hidden=2 * channels,
            layers=layers,
            mode=mode,
            dropout=dropout,
        )
        super().__init__(OrderedDict(patches=patches, transformer=transformer))
        self.dropout = dropout
        self.frame_shape = patches.frame_shape

    def recordings(self, frames: Tensor, offset: int = 0) -> Tensor:
        """Logits (B, classes, T) after each patch of recordings (B, frames, bands): the way to train.

        Args:
            frames: log-mel.
            offset: position of the first token; draw it at random, so that the network learns differences alone.
        """
        logits: Tensor = self.transformer.classifier(self.tokens(frames, offset))
        return logits

    def tokens(self, frames: Tensor, offset: int = 0) -> Tensor:
        """Tokens (B, channels, T) of recordings, before they are classified. Arguments as of `recordings`."""
        part = self.transformer
        features = F.dropout(self.patches.spread(frames), self.dropout, self.training)
        found: Tensor = part.norm(part.encoder(part.positions(part.embed(features), offset)))
        return found


def patches_of(frames: Tensor, field: int, hop: int) -> Tensor:
    """The patches (B, field, T, bands) of recordings (B, frames, bands), as a stream has them."""
    return torch.movedim(frames.unfold(1, field, hop), -1, 1)
