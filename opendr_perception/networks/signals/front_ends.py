"""Front-ends that turn heart signals into tokens which depend on a short piece of the signal alone.

Convolutions have no padding in time and no token sees the edge of a window, so a token is computed once, when its piece
has come, and is the same in every window: that is what makes the bag of features behind it continual.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape


class BeatEncoder(Streaming):
    """A token for each beat of an electrocardiogram: of its wave and of the heart's usual wave, and of the rhythm.

    Args:
        wave: samples of a wave; a frame is both waves and then `rhythm` numbers.
        rhythm: those numbers.
        widths: channels of the three convolutions.
        features: of a token.
        dropout: in training.
    """

    def __init__(
        self,
        wave: int = 120,
        rhythm: int = 12,
        widths: Sequence[int] = (16, 24, 32),
        features: int = 96,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.AvgPool1d(2)]
        for inner, outer, size, pool in zip((2, *widths[:-1]), widths, (9, 5, 5), (2, 2, 2), strict=True):
            layers += [nn.Conv1d(inner, outer, size, bias=False), nn.BatchNorm1d(outer), nn.ReLU(), nn.MaxPool1d(pool)]
        self.wave_layers = nn.Sequential(*layers)
        places = self.wave_layers(torch.zeros(1, 2, wave)).shape[2]
        self.rhythm_layers = nn.Sequential(nn.Linear(rhythm, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.join = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(widths[-1] * places + 48, features), nn.BatchNorm1d(features), nn.ReLU()
        )
        self.wave, self.features = wave, features
        self.frame_shape = (2 * wave + rhythm,)

    def forward(self, clip: Tensor) -> Tensor:
        """Tokens (B, features, T) of beats (B, 2 wave + rhythm, T)."""
        batch, _, count = clip.shape
        beats = clip.transpose(1, 2).reshape(batch * count, clip.shape[1])
        return self.encode(beats).view(batch, count, self.features).transpose(1, 2)

    def encode(self, beats: Tensor) -> Tensor:
        """Tokens (n, features) of beats (n, 2 wave + rhythm)."""
        waves = beats[:, : 2 * self.wave].reshape(-1, 2, self.wave)
        # The second channel is how the beat differs from the usual one.
        waves = torch.stack([waves[:, 0], waves[:, 0] - waves[:, 1]], 1)
        rhythm = self.rhythm_layers(beats[:, 2 * self.wave :])
        tokens: Tensor = self.join(torch.cat([self.wave_layers(waves).flatten(1), rhythm], 1))
        return tokens

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.features,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        return self.encode(frame), memory


class SpectrumEncoder(Streaming):
    """A token for each patch of log-mel frames, of which the bands are the channels; for heart sound.

    Args:
        bands: of a frame.
        widths: channels of the convolutions over time.
        sizes: frames that each convolution sees.
        pools: frames that are joined after each; 1 for none.

    Attributes:
        field: frames of a patch.
        hop: frames from one patch to the next.
        features: of a token.
    """

    def __init__(
        self,
        bands: int = 24,
        widths: Sequence[int] = (64, 96, 128),
        sizes: Sequence[int] = (5, 5, 3),
        pools: Sequence[int] = (2, 2, 1),
    ) -> None:
        super().__init__()
        if not len(widths) == len(sizes) == len(pools):
            raise ValueError(f"{len(widths)} widths, {len(sizes)} sizes and {len(pools)} pools do not fit each other")
        layers: list[nn.Module] = [nn.BatchNorm1d(bands)]
        for inner, outer, size, pool in zip((bands, *widths[:-1]), widths, sizes, pools, strict=True):
            layers += [nn.Conv1d(inner, outer, size, bias=False), nn.BatchNorm1d(outer), nn.ReLU()]
            layers += [nn.MaxPool1d(pool)] if pool > 1 else []
        self.layers = nn.Sequential(*layers)
        self.field, self.hop = 1, 1
        for size, pool in zip(reversed(sizes), reversed(pools), strict=True):
            self.field, self.hop = self.field * pool + size - 1, self.hop * pool
        self.bands, self.features = bands, widths[-1]
        self.frame_shape = (self.field, bands)

    def spread(self, frames: Tensor) -> Tensor:
        """Tokens (B, features, T) of all patches of recordings (B, frames, bands), each computed once."""
        tokens: Tensor = self.layers(frames.transpose(1, 2))
        return tokens

    def forward(self, clip: Tensor) -> Tensor:
        """Tokens (B, features, T) of patches (B, field, T, bands)."""
        batch, _, count, _ = clip.shape
        tokens = self.spread(clip.transpose(1, 2).flatten(0, 1)).squeeze(2)
        return tokens.unflatten(0, (batch, count)).transpose(1, 2)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.features,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        return self.spread(frame).squeeze(2), memory
