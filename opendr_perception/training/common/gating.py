"""Learn a gate of new labels over features of a network that stays as it is, beside a memory of what it knows.

Examples of what a network knows are seldom at hand where it is taught. What is kept of them are statistics of their
features, a mean of each label and the directions in which they spread, from which features are drawn that stand for
them [Hayes 2020; Zhu 2021, PASS]: no recording, and no image of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing

SUFFIX = ".known"
"""Of the memory beside a model, in the format of .npz."""
DIRECTIONS = 32
"""In which features spread."""
ROUNDS = 60
"""Of the optimiser."""
DRAWN = 800
"""Features that stand for what is known."""


@dataclass(frozen=True)
class GatePlan:
    """Settings of a gate that is learned.

    Attributes:
        taken: Share of what is remembered that may be taken for something new: with more, more new is found, and more
            that was known is lost.
        decay: Weight of the squares of its weights, over features of unit variance and a length of one.
        seed: Of what is remembered.
    """

    taken: float = 0.05
    decay: float = 1e-4
    seed: int = 0


@dataclass(frozen=True, eq=False)
class KnownFeatures:
    """Statistics of the features of what a network knows.

    Attributes:
        means: (labels, n), of each label.
        directions: (r, n), orthonormal.
        spread: (r,) standard deviations along them.
        rest: (n,) standard deviations of what is left.
    """

    means: npt.NDArray[np.float32]
    directions: npt.NDArray[np.float32]
    spread: npt.NDArray[np.float32]
    rest: npt.NDArray[np.float32]

    def draw(self, count: int, seed: int) -> Tensor:
        """Draw features (count, n), all labels alike."""
        rng = np.random.default_rng(seed)
        chosen = self.means[rng.integers(len(self.means), size=count)]
        along = rng.normal(0, 1, (count, len(self.spread))) * self.spread
        found = chosen + along @ self.directions + rng.normal(0, 1, chosen.shape) * self.rest
        return torch.from_numpy(found.astype(np.float32))


def known_features(features: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> KnownFeatures:
    """Statistics of features (N, n) of examples with labels (N,); with a label for each, the examples themselves."""
    kinds = np.unique(labels)
    means = np.stack([features[labels == kind].mean(0) for kind in kinds])
    apart = features - means[np.searchsorted(kinds, labels)]
    _, scale, directions = np.linalg.svd(apart, full_matrices=False)
    directions = directions[:DIRECTIONS]
    rest = (apart - apart @ directions.T @ directions).std(0)
    spread = scale[:DIRECTIONS] / np.sqrt(max(1, len(apart) - len(kinds)))
    return KnownFeatures(*(part.astype(np.float32) for part in (means, directions, spread, rest)))


def keep(path: Path, known: KnownFeatures) -> None:
    """Write a memory, as a whole or not at all."""
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, **{name: part.astype(np.float16) for name, part in vars(known).items()})


def with_labels(known: KnownFeatures | None, features: Tensor, labels: Tensor) -> KnownFeatures | None:
    """A memory of new labels too, by features (N, n) of examples and labels (N,), 0 for what is none of them."""
    if known is None:
        return None
    kinds = labels[labels > 0].unique()
    means = [features[labels == kind].mean(0, keepdim=True).numpy() for kind in kinds]
    return replace(known, means=np.concatenate([known.means, *means]).astype(np.float32))


def beside(model: Path) -> KnownFeatures | None:
    """The memory that lies beside a model; None where there is none.

    Raises:
        ValueError: The file is something else.
    """
    path = model.with_suffix(SUFFIX)
    if not path.is_file():
        return None
    try:
        with open_arrays(path) as arrays:
            parts = [arrays[name].astype(np.float32) for name in KnownFeatures.__dataclass_fields__]
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{path} is no memory of what a model knows") from error
    return KnownFeatures(*parts)


def learned_gate(features: Tensor, labels: Tensor, known: KnownFeatures | None, plan: GatePlan) -> nn.Linear:
    """Find the gate with the smallest regularised cross entropy, and by a memory its threshold, see `plan.taken`.

    Args:
        features: (N, n) of examples.
        labels: (N,) 0 for what is none of the new labels, else 1 and more.
        known: What else is none of them; it weighs as much as all examples that are none of them.
        plan: How to learn.

    Returns:
        A layer from n to 1 + new labels.
    """
    count, shown = int(labels.max()), len(labels)
    if known is not None:
        features = torch.cat([features, known.draw(DRAWN, plan.seed)])
        labels = torch.cat([labels, labels.new_zeros(DRAWN)])
    shares = 1.0 / torch.bincount(labels, minlength=1 + count).clamp(min=1)[labels]
    for part in (slice(shown), slice(shown, None)):  # what is shown and what is remembered weigh alike
        none = labels[part] == 0
        shares[part][none] = 1.0 / none.sum().clamp(min=1)
    shares[labels == 0] *= count / shares[labels == 0].sum().clamp(min=1e-9)
    mean, scale = features.mean(0), (features.std(0) + 1e-5) * features.shape[1] ** 0.5
    seen = (features - mean) / scale
    weight = torch.zeros(1 + count, features.shape[1], requires_grad=True)
    bias = torch.zeros(1 + count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        errors = F.cross_entropy(F.linear(seen, weight, bias), labels, reduction="none")
        found = (errors * shares).sum() / shares.sum() + plan.decay * weight.square().sum()
        found.backward()
        return found

    optimizer.step(loss)
    layer = nn.Linear(features.shape[1], 1 + count)
    with torch.no_grad():
        layer.weight.copy_(weight / scale)
        layer.bias.copy_(bias - layer.weight @ mean)
        if known is not None:  # judged by others than those that it has learned from
            said = layer(known.draw(DRAWN, plan.seed + 1))
            layer.bias[0] += torch.quantile(said[:, 1:].amax(1) - said[:, 0], 1 - plan.taken)
    return layer
