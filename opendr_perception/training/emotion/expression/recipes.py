"""Training recipes of the networks of expressions: their stages, rates and losses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.emotion import esr, ma_net
from opendr_perception.networks.emotion.esr import Esr
from opendr_perception.networks.emotion.ma_net import LOCAL_WEIGHT, MaNet
from opendr_perception.training.emotion.expression.onnx_model import ImageFormat, export_esr, export_ma_net
from opendr_perception.training.emotion.losses import diversity

MOMENTUM = 0.9
SMALLEST = 54
"""Pixels of the side of an image that an ensemble's layers leave anything of."""


@dataclass(frozen=True)
class TrainingStage:
    """A part of a training.

    Attributes:
        epochs: How long.
        branches: How many of an ensemble learn.
        affect: Whether only valence and arousal are learned, on top of what stays as it is.
    """

    epochs: int
    branches: int = 1
    affect: bool = False


@dataclass(frozen=True)
class FaceBatch:
    """A batch.

    Attributes:
        images: (N, 3, size, size) in [0, 1].
        labels: (N,) int64.
        affect: (N, 2) valence and arousal.
    """

    images: Tensor
    labels: Tensor
    affect: Tensor


class Recipe(Protocol):
    """Recipe of one network."""

    @property
    def network(self) -> nn.Module:
        """Network that is trained."""

    @property
    def stages(self) -> Sequence[TrainingStage]:
        """One after the other."""

    @property
    def size(self) -> int:
        """Of its images."""

    @property
    def decay(self) -> tuple[int, float]:
        """After so many epochs of a stage rates are multiplied by this."""

    def groups(self, stage: TrainingStage) -> list[dict[str, Any]]:
        """Parameter groups of SGD in a stage, with their rates."""

    def loss(self, stage: TrainingStage, faces: FaceBatch) -> Tensor:
        """Of a batch."""

    def answers(self, images: Tensor) -> Tensor:
        """Logits (L, N, classes) of each of the network's judges."""

    def export(self, path: Path, labels: Sequence[str], early_exit: bool) -> None:
        """Write the model that the emotion node loads."""


class EsrRecipe:
    """Branches are added one by one to an ensemble, which goes on learning ten times slower [Siqueira 2020].

    Args:
        classes: Number of expressions.
        branches: Of the ensemble.
        attention: Whether it has CBAM; then its branches are rewarded for attending to different things [Heidari 2022].
        width: Channels of its first layer.
        rate: Of a new branch.
        epochs: Of the first branch, of each further one, and of valence and arousal.
        weight: Of the diversity.
        size: Pixels of the side of its images.
    """

    decay = (10, 0.5)

    def __init__(
        self,
        classes: int,
        branches: int,
        attention: bool,
        width: int,
        rate: float,
        epochs: tuple[int, int, int],
        weight: float,
        size: int,
    ) -> None:
        self.network = Esr(classes, branches, attention=attention, width=width)
        self.stages = [TrainingStage(epochs[0] if count == 1 else epochs[1], count) for count in range(1, branches + 1)]
        if epochs[2]:
            self.stages.append(TrainingStage(epochs[2], branches, affect=True))
        self.rate, self.weight, self.size = rate, weight, size
        self.affect = bool(epochs[2])

    def groups(self, stage: TrainingStage) -> list[dict[str, Any]]:
        judges = self.network.judges()
        if stage.affect:
            return [{"params": judge.affect.parameters(), "lr": self.rate / 10} for judge in judges]
        known = self.rate if stage.branches == 1 else self.rate / 10
        return [
            {"params": self.network.base.parameters(), "lr": known},
            *({"params": judge.parameters(), "lr": known} for judge in judges[: stage.branches - 1]),
            {"params": judges[stage.branches - 1].parameters(), "lr": self.rate},
        ]

    def loss(self, stage: TrainingStage, faces: FaceBatch) -> Tensor:
        judgement = self.network(faces.images, stage.branches)
        if stage.affect:
            return (judgement.affect - faces.affect).square().mean(1).sqrt().sum()
        loss = torch.stack([F.cross_entropy(logits, faces.labels) for logits in judgement.logits]).sum()
        if judgement.channels is not None and stage.branches > 1 and self.weight:
            gates = (judgement.channels, judgement.places)
            loss = loss - self.weight * sum(map(attention_diversity, gates))
        return loss

    def answers(self, images: Tensor) -> Tensor:
        return self.network(images).logits

    def export(self, path: Path, labels: Sequence[str], early_exit: bool) -> None:
        export_esr(self.network, path, labels, ImageFormat(size=self.size), early_exit=early_exit, affect=self.affect)


class MaNetRecipe:
    """All at once; patches and branches are rewarded for having different features [Heidari 2022, eq. 5].

    Args:
        classes: Number of expressions.
        width: Channels of its first layers.
        rate: Of learning; a tenth of an ensemble's is usual.
        epochs: How long.
        weight: Of the diversity.
    """

    size = ma_net.SIZE
    decay = (15, 0.1)

    def __init__(self, classes: int, width: int, rate: float, epochs: int, weight: float) -> None:
        self.network = MaNet(classes, width=width)
        self.stages = [TrainingStage(epochs)]
        self.rate, self.weight = rate, weight

    def groups(self, stage: TrainingStage) -> list[dict[str, Any]]:
        return [{"params": self.network.parameters(), "lr": self.rate, "weight_decay": 1e-4}]

    def loss(self, stage: TrainingStage, faces: FaceBatch) -> Tensor:
        found = self.network(faces.images)
        local, whole = (F.cross_entropy(x, faces.labels) for x in (found.local_logits, found.global_logits))
        loss = LOCAL_WEIGHT * local + (1 - LOCAL_WEIGHT) * whole
        if self.weight:
            features = (found.branches, found.patches.mean((3, 4)), found.patches.mean(2))
            loss = loss - self.weight * sum(diversity(F.normalize(x.flatten(2), dim=2)) for x in features)
        return loss

    def answers(self, images: Tensor) -> Tensor:
        return self.network(images).logits()[None]

    def export(self, path: Path, labels: Sequence[str], early_exit: bool) -> None:
        export_ma_net(self.network, path, labels, ImageFormat())


def recipe(
    name: str,
    classes: int,
    width: int,
    rate: float | None,
    epochs: tuple[int, int, int],
    weight: float,
    size: int | None = None,
) -> EsrRecipe | MaNetRecipe:
    """The recipe of a network by its name: `ma-net`, `esr9`, `esr15-cbam` or any other number of branches.

    Raises:
        ValueError: There is no such network, or it cannot see images of this size.
    """
    if name == "ma-net":
        if size not in (None, ma_net.SIZE):
            raise ValueError(f"ma-net takes images of {ma_net.SIZE} pixels, not of {size}")
        return MaNetRecipe(classes, width, rate or 0.01, epochs[0], weight)
    ensemble = re.fullmatch(r"esr([1-9]\d?)(-cbam)?", name)
    if ensemble is None:
        raise ValueError(f"there is no network '{name}': choose esr9, esr15, esr9-cbam, esr15-cbam or ma-net")
    size = esr.SIZE if size is None else size
    if size < SMALLEST:
        raise ValueError(f"an ensemble takes images of {SMALLEST} pixels or more, not of {size}")
    return EsrRecipe(classes, int(ensemble[1]), bool(ensemble[2]), width, rate or 0.1, epochs, weight, size)


def attention_diversity(gates: Tensor) -> Tensor:
    """Diversity of the attention (L, N, ...) of L branches, by the mean of squared distances: see `similarity`."""
    flat = gates.flatten(2)
    return diversity(flat / flat.shape[2] ** 0.5)
