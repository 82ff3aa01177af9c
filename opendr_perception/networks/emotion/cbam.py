"""CBAM, the convolutional block attention module [Woo 2018]: a gate over channels, then one over places."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

REDUCTION = 16
"""Channels per hidden unit of the channel gate."""


class Attended(NamedTuple):
    """Features (N, C, H, W), and the gates they went through: of channels (N, C) and of places (N, H, W), in (0, 1)."""

    features: Tensor
    channels: Tensor
    places: Tensor


PUBLISHED_NAMES = (
    (r"\bChannelGate\.mlp\.1\.", "squeeze."),
    (r"\bChannelGate\.mlp\.3\.", "excite."),
    (r"\bSpatialGate\.spatial\.conv\.", "conv."),
    (r"\bSpatialGate\.spatial\.bn\.", "norm."),
)
"""Of the weights that the authors have published; see `networks.checkpoints`."""


class Cbam(nn.Module):
    """Channel attention, then spatial attention [Woo 2018, eq. 2-3].

    Args:
        channels: Of the features; a multiple of 16.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels % REDUCTION:
            raise ValueError(f"CBAM needs a multiple of {REDUCTION} channels, got {channels}")
        self.squeeze = nn.Linear(channels, channels // REDUCTION)
        self.excite = nn.Linear(channels // REDUCTION, channels)
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(1)  # of the usual momentum: the published 0.01 lags behind in short trainings

    def forward(self, features: Tensor) -> Attended:
        """Gate features (N, C, H, W)."""
        pooled = self._mlp(features.mean((2, 3))) + self._mlp(features.amax((2, 3)))
        channels = pooled.sigmoid()
        features = features * channels[:, :, None, None]
        seen = torch.cat((features.amax(1, keepdim=True), features.mean(1, keepdim=True)), 1)
        places = self.norm(self.conv(seen)).sigmoid()
        return Attended(features * places, channels, places[:, 0])

    def _mlp(self, pooled: Tensor) -> Tensor:
        hidden: Tensor = self.excite(self.squeeze(pooled).relu())
        return hidden
