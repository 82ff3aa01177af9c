"""Targets of a batch: labels, mixtures of two faces [Zhang 2018], and answers of larger networks [Hinton 2015]."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.compact import CompactNet
from opendr_perception.training.common.weights import read

SOFTNESS = 2.0
"""Temperature at which a network learns from its teachers."""


def network_of(weights: Path) -> CompactNet:
    """The network of an .npz, in evaluation mode.

    Raises:
        ValueError: It is of another one.
    """
    state, card = read(weights)
    settings = card["settings"]
    network = CompactNet(len(card["labels"]), settings["width"], settings["blocks"], settings["stride"])
    load_checkpoint(network, state)
    return network.eval()


def placed(network: CompactNet, device: torch.device) -> CompactNet:
    """The network on a device, its weights in the order in which convolutions are fastest."""
    network.to(device)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def mixed(faces: Tensor, labels: Tensor, classes: int, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """Each face mixed with another of the batch.

    Args:
        faces: (N, 1, H, W).
        labels: (N,).
        classes: Number of expressions.
        alpha: Of the beta distribution of the shares; 0 mixes nothing.
        seed: Of the shares and of the others.

    Returns:
        The faces, and for each the shares of expressions (N, classes).
    """
    shares = F.one_hot(labels, classes).float()
    if alpha == 0:
        return faces, shares
    rng = np.random.default_rng(seed)
    share = float(rng.beta(alpha, alpha))
    other = torch.from_numpy(rng.permutation(len(faces))).to(faces.device, non_blocking=True)
    return share * faces + (1 - share) * faces[other], share * shares + (1 - share) * shares[other]


class Teachers:
    """Trained networks; they take turns, batch by batch.

    Args:
        files: Their .npz.
        device: Where to compute.
    """

    def __init__(self, files: Sequence[Path], device: torch.device) -> None:
        self.networks = [placed(network_of(file).requires_grad_(False), device) for file in files]

    def loss(self, faces: Tensor, logits: Tensor, frequency: Tensor, step: int) -> Tensor:
        """Distance of a network's logits (N, classes) of faces from those of a teacher.

        Args:
            faces: (N, 1, 48, 48).
            logits: Of the network, with its gradient.
            frequency: (classes,) that is added to both.
            step: Decides whose turn it is.
        """
        with torch.no_grad(), torch.autocast(faces.device.type, torch.bfloat16):
            known = self.networks[step % len(self.networks)](faces).float()
        wanted = ((known + frequency) / SOFTNESS).softmax(1)
        return SOFTNESS**2 * F.cross_entropy((logits + frequency) / SOFTNESS, wanted)
