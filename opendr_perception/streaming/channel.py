"""Layers over the channels of each frame (B, C, ...) or clip (B, C, T, ...); they need no memory."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Linear(nn.Linear):
    """`nn.Linear` over axis 1, the channels, where `nn.Linear` takes the last axis."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, ...) to (B, c_out, ...)."""
        return super().forward(x.transpose(1, -1)).transpose(1, -1)


class LayerNorm(nn.LayerNorm):
    """`nn.LayerNorm` over axis 1, the channels, where `nn.LayerNorm` takes the last axes.

    Args:
        channels: Channels to normalise together.
        eps: Added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, ...) over C."""
        return super().forward(x.transpose(1, -1)).transpose(1, -1)


class SqueezeExcitation(nn.Module):
    """Scale channels by a gate that sees the mean over each frame [Hu 2018; Hedegaard 2022, Continual 3D CNNs, 3.5].

    In a network for clips the mean runs over time as well. A stream cannot wait for that, so this is not equivalent to
    it, by intent; the parameters are the same.

    Args:
        channels: Channels of the clip (B, C, T, H, W).
        squeezed: Channels of the hidden layer.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv3d(channels, squeezed, 1)
        self.fc2 = nn.Conv3d(squeezed, channels, 1)

    def forward(self, clip: Tensor) -> Tensor:
        """Gate a clip (B, C, T, H, W) frame by frame."""
        mean = clip.mean((3, 4), keepdim=True)
        return clip * self.fc2(F.relu(self.fc1(mean))).sigmoid()
