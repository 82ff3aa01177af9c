"""Batches of FER2013 by chance, from the memory of the device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from opendr_perception.evaluate.emotion.sets import FaceCrops, seen_again
from opendr_perception.networks.emotion.compact import equalised
from opendr_perception.training.emotion.compact.variation import vary


class FaceBatches:
    """Batches of varied faces; all is drawn from the seed, so that a batch is the same whenever it is asked for.

    Args:
        crops: The set.
        batch: Faces of a batch.
        seed: Of what is random.
        device: Where the faces are.

    Raises:
        ValueError: There are fewer faces than a batch has.
    """

    def __init__(self, crops: FaceCrops, batch: int, seed: int, device: torch.device) -> None:
        chosen = learned_from(crops)
        if len(chosen) < batch:
            raise ValueError(f"a batch of {batch} is more than the {len(chosen)} faces that there are")
        self.images = torch.from_numpy(crops.images[chosen]).to(device)
        self.labels = torch.from_numpy(crops.label[chosen]).to(device)
        self.counts = torch.bincount(self.labels, minlength=len(crops.labels)).clamp(min=1)
        self.batch, self.seed = batch, seed
        self._epoch, self._order = -1, self.labels

    def __len__(self) -> int:
        return len(self.images)

    def draw(self, step: int) -> tuple[Tensor, Tensor]:
        """A batch as the network takes it: (batch, 1, 48, 48) in [-1, 1], and labels (batch,)."""
        chosen = self._chosen(step)
        source = torch.Generator(self.images.device).manual_seed(self.seed * 1_000_003 + step)
        return _planes(vary(self.images[chosen].float()[:, None], source)), self.labels[chosen]

    def plain(self, step: int) -> Tensor:
        """Faces as they are, every other batch mirrored."""
        faces = self.images[self._chosen(step)].float()[:, None]
        return _planes(faces.flip(3) if step % 2 else faces)

    def _chosen(self, step: int) -> Tensor:
        epoch, place = divmod(step, len(self) // self.batch)
        if epoch != self._epoch:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self.images.device)
        return self._order[place * self.batch : (place + 1) * self.batch]


def _planes(faces: Tensor) -> Tensor:
    return equalised(faces).contiguous(memory_format=torch.channels_last)


def learned_from(crops: FaceCrops) -> np.ndarray:
    """Indices of the faces for training that are not among those to measure with."""
    train = np.flatnonzero(crops.part == "train")
    return train[~seen_again(crops.images[train], crops.images[crops.part != "train"])]
