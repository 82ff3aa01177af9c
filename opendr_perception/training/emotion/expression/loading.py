"""Batches of faces for a training: read from files, or resized and varied on the device in whose memory they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from opendr_perception.training.emotion.expression import data
from opendr_perception.training.emotion.expression.data import LabelledFace, load_image
from opendr_perception.training.emotion.expression.recipes import FaceBatch

TURN, SHIFT, LARGER = math.radians(30), 0.1, 1.25

Moment = tuple[int, int, int]
"""Seed, stage and epoch: with an image they decide how it is varied."""
Key = tuple[Moment | None, int]
"""A moment, and the index of an image."""


class FaceLoader(Protocol):
    """Faces of one part of a data set."""

    def batches(self, indices: Sequence[np.ndarray], moment: Moment | None) -> Iterator[FaceBatch]:
        """Batches of these faces on the device, varied if there is a moment."""


def loader(faces: Sequence[LabelledFace], size: int, device: torch.device, workers: int) -> FaceLoader:
    """The way to the images of faces.

    Args:
        faces: All with pixels, or all in files.
        size: Of the images that a network takes.
        device: Where the network is.
        workers: Processes that read files; 0 reads them in this one.
    """
    if all(face.pixels is not None for face in faces):
        return FacePixels(faces, size, device)
    return FaceFiles(faces, size, device, workers)


class FaceFiles(Dataset[tuple[Tensor, int, Tensor]]):
    """Faces in files, see `loader`."""

    def __init__(self, faces: Sequence[LabelledFace], size: int, device: torch.device, workers: int) -> None:
        self.faces, self.size, self.device, self.workers = faces, size, device, workers

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, key: Key) -> tuple[Tensor, int, Tensor]:
        moment, index = key
        face = self.faces[index]
        image = load_image(face.path, self.size)
        if moment is not None:
            image = data.vary(image, np.random.default_rng((*moment, index)))
        planes = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32) / 255)
        return planes, face.label, torch.tensor(face.affect, dtype=torch.float32)

    def batches(self, indices: Sequence[np.ndarray], moment: Moment | None) -> Iterator[FaceBatch]:
        """See `FaceLoader`."""
        keys = [[(moment, int(index)) for index in batch] for batch in indices]
        for images, labels, affect in DataLoader(self, batch_sampler=keys, num_workers=self.workers):
            yield FaceBatch(images.to(self.device), labels.to(self.device), affect.to(self.device))


class FacePixels:
    """Grey faces of one size, all on the device, see `loader`."""

    def __init__(self, faces: Sequence[LabelledFace], size: int, device: torch.device) -> None:
        self.size = size
        self.pixels = torch.from_numpy(np.stack([face.pixels for face in faces if face.pixels is not None])).to(device)
        self.labels = torch.tensor([face.label for face in faces], device=device)
        self.affect = torch.tensor([face.affect for face in faces], dtype=torch.float32, device=device)

    def batches(self, indices: Sequence[np.ndarray], moment: Moment | None) -> Iterator[FaceBatch]:
        """See `FaceLoader`."""
        for batch in indices:
            chosen = torch.from_numpy(batch).to(self.pixels.device, non_blocking=True)
            planes = self.pixels[chosen].float()[:, None]
            if moment is not None:
                [seed] = np.random.SeedSequence((*moment, int(batch[0]))).generate_state(1).tolist()
                planes = vary(planes, torch.Generator(planes.device).manual_seed(seed))
            planes = F.interpolate(planes, (self.size, self.size), mode="bilinear", align_corners=False)
            yield FaceBatch((planes / 255).expand(-1, 3, -1, -1), self.labels[chosen], self.affect[chosen])


def vary(planes: Tensor, source: torch.Generator) -> Tensor:
    """Change light and contrast, mirror, turn, shift and enlarge at random [Siqueira 2020], as `data.vary` does.

    Args:
        planes: (N, 1, H, W) in [0, 255].
        source: Of what is random, on their device.
    """
    light, contrast, turn, scale, right, down, mirror = torch.rand(
        7, len(planes), generator=source, device=planes.device
    ).unbind()
    planes = planes * (0.5 + light)[:, None, None, None]
    middle = planes.mean((1, 2, 3), keepdim=True)
    planes = (planes - middle) * (0.5 + contrast)[:, None, None, None] + middle
    angle, zoom = (2 * turn - 1) * TURN, 1 / (1 + (LARGER - 1) * scale)
    side = torch.where(mirror < 0.5, -1.0, 1.0)
    cos, sin = zoom * torch.cos(angle), zoom * torch.sin(angle)
    rows = (
        torch.stack([side * cos, -side * sin, 2 * SHIFT * (2 * right - 1)], 1),
        torch.stack([sin, cos, 2 * SHIFT * (2 * down - 1)], 1),
    )
    grid = F.affine_grid(torch.stack(rows, 1), list(planes.shape), align_corners=False)
    return F.grid_sample(planes, grid, mode="bilinear", padding_mode="zeros", align_corners=False).clamp(0, 255)
