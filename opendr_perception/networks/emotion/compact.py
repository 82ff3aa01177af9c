"""A network for the expression of one face that a robot's processor can afford for everybody in view.

A residual network [He 2016] for grey faces of 48×48 pixels, which are 24 to 6 places a side inside of it. Contrast is
made even first (histogram equalisation), as light and exposure say nothing about an expression.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE = 48
"""Pixels of the side of a face."""

LEVELS = 256
GREY = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey [ITU-R BT.601]."""


def grey(image: Tensor) -> Tensor:
    """Map (N, H, W, 3) RGB in [0, 255] to (N, 1, H, W) whole numbers in [0, 255], float32."""
    weights = torch.tensor(GREY, dtype=torch.float32, device=image.device)
    return (image.float() @ weights).round().clamp(0, LEVELS - 1)[:, None]


def equalised(planes: Tensor) -> Tensor:
    """Spread the grey values of each image evenly, as `cv2.equalizeHist` does, to [-1, 1].

    Args:
        planes: (N, 1, H, W) in [0, 255]; fractions are rounded.
    """
    flat = planes.flatten(1)
    places = flat.round().clamp(0, LEVELS - 1).long()
    counts = torch.zeros(flat.shape[0], LEVELS, device=planes.device).scatter_add(1, places, torch.ones_like(flat))
    until = counts.cumsum(1)
    first = torch.where(until > 0, until, torch.full_like(until, 1e9)).amin(1, keepdim=True)
    below = torch.gather(until, 1, places) - first
    spread = below / (until[:, -1:] - first).clamp(min=1)
    return (2 * spread - 1).view_as(planes)


class Block(nn.Module):
    """Two convolutions beside a direct way."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


def convolution(before: int, after: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size, stride, kernel_size // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class CompactNet(nn.Module):
    """Logits of expressions.

    Args:
        classes: Number of expressions.
        width: Channels of the first layer; each stage has twice as many as the one before.
        blocks: Number of residual blocks of each stage; each stage has half as many places a side.
        stride: Of the first layer: 2 sees 24 places a side in the first stage, 1 all 48.
        dropout: Share of the last features that are left out in training.
    """

    def __init__(
        self,
        classes: int = 7,
        width: int = 48,
        blocks: Sequence[int] = (2, 2, 2),
        stride: int = 2,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [convolution(1, width, 2 * stride + 1, stride)]
        for stage, count in enumerate(blocks):
            if stage:
                layers.append(convolution(width, 2 * width, stride=2))
                width *= 2
            layers.extend(Block(width) for _ in range(count))
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.expression = nn.Linear(width, classes)

    def forward(self, faces: Tensor) -> Tensor:
        """Map (N, 1, 48, 48) in [-1, 1], see `equalised`, to (N, classes)."""
        return self.expression(self.dropout(self.layers(faces).mean((2, 3))))
