"""The network of [Tosidis 2022]: the camera's image says where a robot should go to recognise somebody."""

from __future__ import annotations

import torch
from torch import Tensor, nn

FRAME = 300, 400
"""Height and width of an image."""
ACTIONS = 5
"""Stay, nearer, back, to the left, to the right."""
FEATURES = 256


class FrameTrunk(nn.Sequential):
    """Images (N, 3, 300, 400) in [0, 1] to features (N, 256).

    The strides, which are not published, are those of the small network for Atari games that has the same filters;
    with strides of 1 the network would have 926 million parameters.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 8, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 2), nn.ReLU(), nn.Flatten(),
            nn.Linear(32 * 36 * 48, FEATURES), nn.ReLU(),
        )  # fmt: skip


class FrameNetwork(nn.Module):
    """Actor and critic on one trunk. The critic ends in tanh, as published: rewards must be scaled to suit it.

    Args:
        actions: number of actions; 3 without those to the sides.
    """

    def __init__(self, actions: int = ACTIONS) -> None:
        super().__init__()
        self.trunk = FrameTrunk()
        self.actor = nn.Linear(FEATURES, actions)
        self.critic = nn.Sequential(nn.Linear(FEATURES, 1), nn.Tanh())

    def forward(self, frames: Tensor) -> Tensor:
        """Probabilities (N, actions) of the actions in images (N, 300, 400, 3) uint8 RGB."""
        return torch.softmax(self.actor(self._features(frames)), dim=1)

    def value(self, frames: Tensor) -> Tensor:
        """Value that the critic gives to images (N, 300, 400, 3) uint8 RGB: (N,) in (-1, 1)."""
        value: Tensor = self.critic(self._features(frames))[:, 0]
        return value

    def _features(self, frames: Tensor) -> Tensor:
        features: Tensor = self.trunk(frames.permute(0, 3, 1, 2).float() / 255)
        return features
