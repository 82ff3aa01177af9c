"""The networks that clear occluders: the covered side, and the rest of the way."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class DirectionNetwork(nn.Module):
    """D_m: the covered side from features (N, 256, 4, 4).

    Args:
        sides: how many there are to choose from.
    """

    def __init__(self, sides: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(256),  # the recogniser's channels differ much in scale
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(4096, 64),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(64, sides),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (N, sides)."""
        logits: torch.Tensor = self.layers(features)
        return logits


class RatioNetwork(nn.Module):
    """R_m: the rest of the way from crops (N, 64, 64, 6), six channels at once, in a small backbone.

    Args:
        largest: the largest answer.
    """

    def __init__(self, largest: float) -> None:
        super().__init__()
        self.largest = largest
        widths = (6, 12, 24, 48, 64)
        blocks: list[nn.Module] = []
        for before, after in pairwise(widths):
            blocks += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            blocks += [nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.backbone = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * 16, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 1))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Ratios (N,) in [0, largest]."""
        planes = crops.permute(0, 3, 1, 2).float() / 127.5 - 1
        return self.largest * torch.sigmoid(self.head(self.backbone(planes))[:, 0])
