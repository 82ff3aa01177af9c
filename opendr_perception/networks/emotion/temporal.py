"""The temporal network of emotions: a small NAC-TCN that sees the expressions of single frames."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.emotion.nac_tcn import NacTcn

KERNEL, BLOCKS = 5, 3
"""With dilations 1, 2, 4 the network sees 57 frames: two seconds at 30 Hz."""


class AffectNetwork(NacTcn):
    """Log-probabilities of expressions, then valence and arousal in [-1, 1], from `tasks.emotion.evidence`.

    Args:
        labels: Number of expressions.
        width: Channels of the blocks.
    """

    def __init__(self, labels: int, width: int) -> None:
        super().__init__(labels + 1, (width,) * BLOCKS, KERNEL, outputs=labels + 2, squash=False, dropout=0.0)
        self.labels = labels

    def _answer(self, features: Tensor) -> Tensor:
        values = self.head(F.relu(features))
        return torch.cat([values[:, : self.labels].log_softmax(1), values[:, self.labels :].tanh()], 1)
