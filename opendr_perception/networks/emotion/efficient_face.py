"""EfficientFace without its last layer: 1024 numbers of one face, for networks over time.

Lightweight, with a local and a global way through the face [Zhao 2021, Robust Lightweight Facial Expression Recognition
Network with Label Distribution Training, sec. 3.2], on the units of ShuffleNet V2 [Ma 2018].
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIDE = 224
"""Pixels of the side of a face."""
FEATURES = 1024
"""Numbers of a face."""
WIDTHS, REPEATS, LAST = (29, 116, 232, 464), (4, 8, 4), FEATURES
REDUCTION, DILATION = 16, 4
"""Of the modulator: channels within its gates, and places between the taps of its convolutions."""


def convolution(before: int, after: int, kernel: int = 1, stride: int = 1, *, relu: bool = True) -> list[nn.Module]:
    """Convolution without bias, normalisation, ReLU; by channel where nothing else fits."""
    groups = before if kernel > 1 and before > 3 else 1
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
    ]
    return [*layers, nn.ReLU(inplace=True)] if relu else layers


class ShuffleUnit(nn.Module):
    """Half of the channels is changed, or with a stride all are in two ways; then both halves are interleaved."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        half = after // 2
        self.stride = stride
        taken = before if stride > 1 else half
        self.branch2 = nn.Sequential(
            *convolution(taken, half),
            *convolution(half, half, 3, stride, relu=False),
            *convolution(half, half),
        )
        if stride > 1:
            self.branch1 = nn.Sequential(
                *convolution(before, before, 3, stride, relu=False), *convolution(before, half)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, before, H, W) to (N, after, H / stride, W / stride)."""
        if self.stride > 1:
            halves = [self.branch1(x), self.branch2(x)]
        else:
            kept, changed = x.chunk(2, 1)
            halves = [kept, self.branch2(changed)]
        return torch.stack(halves, 2).flatten(1, 2)


class Quarters(nn.Module):
    """Each quarter of the face is seen by its own convolutions."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            nn.Sequential(*convolution(before, after, 3, 2), *convolution(after, after, 3)) for _ in range(4)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, before, H, W) to (N, after, H / 2, W / 2); parts are top and bottom left, then right."""
        columns = [column.chunk(2, 2) for column in x.chunk(2, 3)]
        seen = [part(quarter) for part, quarter in zip(self.parts, [q for c in columns for q in c], strict=True)]
        return torch.cat([torch.cat(seen[:2], 2), torch.cat(seen[2:], 2)], 3)


class Modulator(nn.Module):
    """Weighs channels and places together [Zhao 2021, eq. 1]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // REDUCTION
        self.channel = nn.Sequential(
            nn.Linear(channels, inner), nn.BatchNorm1d(inner), nn.ReLU(), nn.Linear(inner, channels)
        )
        wide = [nn.Conv2d(inner, inner, 3, padding=DILATION, dilation=DILATION) for _ in range(2)]
        self.spatial = nn.Sequential(
            nn.Conv2d(channels, inner, 1),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            *(layer for conv in wide for layer in (conv, nn.BatchNorm2d(inner), nn.ReLU())),
            nn.Conv2d(inner, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        return x * torch.sigmoid(self.channel(x.mean((2, 3)))[:, :, None, None] * self.spatial(x))


class EfficientFace(nn.Module):
    """Faces (N, 3, 224, 224) in [0, 1] -> (N, 1024)."""

    def __init__(self) -> None:
        super().__init__()
        first, *stages = WIDTHS
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stage2, self.stage3, self.stage4 = (
            nn.Sequential(ShuffleUnit(before, after, 2), *(ShuffleUnit(after, after, 1) for _ in range(repeats - 1)))
            for before, after, repeats in zip(WIDTHS, stages, REPEATS, strict=False)
        )
        self.local = Quarters(first, stages[0])
        self.modulator = Modulator(stages[0])
        self.conv5 = nn.Sequential(*convolution(stages[-1], LAST))

    def forward(self, faces: Tensor) -> Tensor:
        x = self.pool(self.conv1(faces))
        x = self.modulator(self.stage2(x)) + self.local(x)
        x = self.conv5(self.stage4(self.stage3(x)))
        return x.mean((2, 3))
