"""ESR: an ensemble of convolutional branches on a shared base that tells facial expressions [Siqueira 2020].

With attention in every layer it is the network that the diversity loss was made for [Heidari 2022; D3.3, 8.6].
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.checkpoints import read_tensors
from opendr_perception.networks.emotion.cbam import PUBLISHED_NAMES, Cbam

SIZE = 96
"""Pixels of the side of an image that the network is made for."""

OPENDR_BASE = "Net-Base-Shared_Representations.pt"
OPENDR_BRANCH = "Net-Branch_{}.pt"


class BranchOutputs(NamedTuple):
    """Outputs of each of L branches for N images.

    Attributes:
        logits: (L, N, classes) of expressions.
        affect: (L, N, 2) valence and arousal, not bounded.
        channels: (L, N, 8 width) the last channel attention of each branch; None without attention.
        places: (L, N, H, W) the last spatial attention of each branch; None without attention.
    """

    logits: Tensor
    affect: Tensor
    channels: Tensor | None
    places: Tensor | None


class Layer(nn.Module):
    """Convolution, normalisation, ReLU, and where asked for max-pooling and attention.

    Args:
        before, after: Channels.
        kernel_size, padding: Of the convolution.
        pool: Whether to halve the image.
        attention: Whether CBAM follows.
    """

    def __init__(
        self, before: int, after: int, kernel_size: int, *, padding: int = 0, pool: bool = False, attention: bool
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel_size, padding=padding)
        self.norm: nn.Module = nn.BatchNorm2d(after)
        self.pool = pool
        self.attention = Cbam(after) if attention else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Map (N, c_in, H, W) to features, attention to channels and attention to places."""
        x = F.relu(self.norm(self.conv(x)))
        if self.pool:
            x = F.max_pool2d(x, 2)
        return (x, None, None) if self.attention is None else self.attention(x)


class Base(nn.Module):
    """Common base of all branches: (N, 3, 96, 96) to (N, 2 width, 20, 20)."""

    def __init__(self, width: int, *, attention: bool) -> None:
        super().__init__()
        self.layer1 = Layer(3, width, 5, attention=attention)
        self.layer2 = Layer(width, 2 * width, 3, pool=True, attention=attention)
        self.layer3 = Layer(2 * width, 2 * width, 3, attention=attention)
        self.layer4 = Layer(2 * width, 2 * width, 3, pool=True, attention=attention)

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)[0]
        return x


class Branch(nn.Module):
    """One judge: (N, 2 width, 20, 20) to logits of expressions, and from these to valence and arousal."""

    def __init__(self, classes: int, width: int, *, attention: bool) -> None:
        super().__init__()
        self.layer1 = Layer(2 * width, 2 * width, 3, attention=attention)
        self.layer2 = Layer(2 * width, 4 * width, 3, pool=True, attention=attention)
        self.layer3 = Layer(4 * width, 4 * width, 3, attention=attention)
        self.layer4 = Layer(4 * width, 8 * width, 3, padding=1, attention=attention)
        self.expression = nn.Linear(8 * width, classes)
        self.affect = nn.Linear(classes, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        for layer in (self.layer1, self.layer2, self.layer3):
            x = layer(x)[0]
        x, channels, places = self.layer4(x)
        logits = self.expression(x.mean((2, 3)))
        return logits, self.affect(F.relu(logits)), channels, places


class Esr(nn.Module):
    """The ensemble. Weights of OpenDR's `ESR` and `DiversifiedESR` load with `networks.checkpoints`.

    Args:
        classes: Number of expressions.
        branches: Number of judges; 9 and 15 are published.
        attention: Whether each layer has CBAM, as in the network of the diversity loss.
        width: Channels of the first layer; with half of them the network is about three times as fast.
    """

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        *PUBLISHED_NAMES,
        (r"^convolutional_branches\.", "branches."),
        (r"\bconv([1-4])\.", r"layer\1.conv."),
        (r"\bbn([1-4])\.", r"layer\1.norm."),
        (r"\bcbam([1-4])\.", r"layer\1.attention."),
        (r"\bfc\.", "expression."),
        (r"\bfc_dimensional\.", "affect."),
    )

    def __init__(self, classes: int = 8, branches: int = 9, *, attention: bool = False, width: int = 64) -> None:
        super().__init__()
        if classes < 2 or branches < 1:
            raise ValueError(f"ESR needs 2 classes and a branch, got {classes} and {branches}")
        self.base = Base(width, attention=attention)
        self.branches = nn.ModuleList(Branch(classes, width, attention=attention) for _ in range(branches))

    def judges(self) -> list[Branch]:
        """The branches, in the order of their training."""
        return [branch for branch in self.branches if isinstance(branch, Branch)]

    def forward(self, images: Tensor, active: int | None = None) -> BranchOutputs:
        """Judge images.

        Args:
            images: (N, 3, 96, 96) in [0, 1]; the order of their channels is that of the training.
            active: So many branches judge, from the first on; all by default. A training adds them one by one.
        """
        shared = self.base(images)
        answers = [branch(shared) for branch in self.judges()[:active]]
        logits, affect, channels, places = zip(*answers, strict=True)
        if channels[0] is None:
            return BranchOutputs(torch.stack(logits), torch.stack(affect), None, None)
        return BranchOutputs(torch.stack(logits), torch.stack(affect), torch.stack(channels), torch.stack(places))


def read_opendr_folder(folder: Path) -> dict[str, Tensor]:
    """Read a folder that OpenDR's learner has written, one file for the base and one for each branch.

    Returns:
        A state_dict for `load_checkpoint`.

    Raises:
        FileNotFoundError: There is no base or no branch.
    """
    branches = len(list(folder.glob(OPENDR_BRANCH.format("*"))))
    files = {"base.": folder / OPENDR_BASE}
    for index in range(max(branches, 1)):
        files[f"convolutional_branches.{index}."] = folder / OPENDR_BRANCH.format(index + 1)
    if missing := [file.name for file in files.values() if not file.is_file()]:
        raise FileNotFoundError(f"{folder} is not a folder of OpenDR's ESR: it lacks {', '.join(missing)}")
    return {prefix + name: tensor for prefix, file in files.items() for name, tensor in read_tensors(file).items()}
