"""The networks that the node `heart_anomaly` runs: tokens of a small front-end, and a continual bag of features."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor

from opendr_perception.networks.signals.continual_bag import ContinualBag
from opendr_perception.networks.signals.front_ends import BeatEncoder, SpectrumEncoder
from opendr_perception.streaming.compose import Sequential


class BeatNetwork(Sequential):
    """Beats of an electrocardiogram -> logits after each one, in the light of the last `window` beats.

    Args:
        classes: answers.
        window: beats; 1 judges each beat by itself.
        wave, rhythm: of a beat, see `front_ends.BeatEncoder`.
        features: of a token.
        codewords: of the bag.
    """

    encoder: BeatEncoder
    bag: ContinualBag

    def __init__(
        self,
        classes: int,
        *,
        window: int = 32,
        wave: int = 120,
        rhythm: int = 12,
        features: int = 96,
        codewords: int = 128,
    ) -> None:
        encoder = BeatEncoder(wave, rhythm, features=features)
        super().__init__(
            OrderedDict(encoder=encoder, bag=ContinualBag(features, classes, window=window, codewords=codewords))
        )
        self.frame_shape = encoder.frame_shape

    def recordings(self, beats: Tensor, seen: Tensor) -> Tensor:
        """Logits (B, classes) of recordings (B, T, 2 wave + rhythm), of which the beats `seen` (B, T) are real."""
        batch, count, _ = beats.shape
        there = seen.flatten()
        tokens = beats.new_zeros(batch * count, self.encoder.features)
        tokens = tokens.masked_scatter(there[:, None], self.encoder.encode(beats.flatten(0, 1)[there]))
        return self.bag.forward_window(tokens.view(batch, count, -1).transpose(1, 2), seen)


class HeartSoundNetwork(Sequential):
    """Patches of log-mel frames -> logits after each one, in the light of the last `window` patches.

    Args:
        classes: answers.
        window: patches.
        bands: of a frame.
        widths, sizes, pools: see `front_ends.SpectrumEncoder`.
        codewords: of the bag.
    """

    encoder: SpectrumEncoder
    bag: ContinualBag

    def __init__(
        self,
        classes: int,
        *,
        window: int = 64,
        bands: int = 24,
        widths: tuple[int, ...] = (48, 64, 96),
        sizes: tuple[int, ...] = (5, 5, 5),
        pools: tuple[int, ...] = (2, 2, 1),
        codewords: int = 128,
    ) -> None:
        encoder = SpectrumEncoder(bands, widths, sizes, pools)
        bag = ContinualBag(encoder.features, classes, window=window, codewords=codewords)
        super().__init__(OrderedDict(encoder=encoder, bag=bag))
        self.frame_shape = encoder.frame_shape

    def recordings(self, frames: Tensor) -> Tensor:
        """Logits (B, classes) of whole recordings (B, frames, bands)."""
        return self.bag.forward_window(self.encoder.spread(frames))


def parameters_of(network: torch.nn.Module) -> int:
    """The number of parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
