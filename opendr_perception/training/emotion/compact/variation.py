"""Augmentation of faces: mirror, turn, place, light, sharpness, occlusion."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

TURN = math.radians(12)
SHIFT = 0.08  # of the image
SCALE = 0.12
LIGHT = 0.5  # of the middle grey, from one side to the other
NOISE = 4.0  # grey values
COARSE = (16, 40)  # pixels of a face that is far away
COVERED = (0.1, 0.35)  # of the side
OFTEN, SELDOM = 0.5, 0.15


def vary(faces: Tensor, source: torch.Generator) -> Tensor:
    """Change faces at random.

    Args:
        faces: (N, 1, H, W) float32 in [0, 255].
        source: Of what is random.
    """
    faces = _placed(faces, source)
    faces = _coarse(faces, source)
    faces = _lit(faces, source)
    faces = _covered(faces, source)
    return (faces + torch.randn(faces.shape, generator=source) * NOISE * _some(len(faces), OFTEN, source)).clamp(0, 255)


def _uniform(count: int, low: float, high: float, source: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=source)


def _some(count: int, share: float, source: torch.Generator) -> Tensor:
    """(count, 1, 1, 1): 1 for a share, else 0."""
    return (torch.rand(count, generator=source) < share).float()[:, None, None, None]


def _placed(faces: Tensor, source: torch.Generator) -> Tensor:
    """Mirrored, turned, shifted and scaled, sides for themselves too."""
    count = len(faces)
    turn, shear = _uniform(count, -TURN, TURN, source), _uniform(count, -0.1, 0.1, source)
    wide = 1 + _uniform(count, -SCALE, SCALE, source)
    high = wide * (1 + _uniform(count, -0.1, 0.1, source))
    mirror = torch.where(torch.rand(count, generator=source) < OFTEN, -1.0, 1.0)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        torch.stack([cos * wide * mirror, -sin * high + shear, 2 * _uniform(count, -SHIFT, SHIFT, source)], 1),
        torch.stack([sin * wide * mirror, cos * high, 2 * _uniform(count, -SHIFT, SHIFT, source)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(faces.shape), align_corners=False)
    return F.grid_sample(faces, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _coarse(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some as if seen from far away."""
    chosen = torch.rand(len(faces), generator=source) < SELDOM
    if not chosen.any():
        return faces
    side = int(torch.randint(COARSE[0], COARSE[1], (1,), generator=source))
    small = F.interpolate(faces[chosen], size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    faces = faces.clone()
    faces[chosen] = F.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)
    return faces


def _lit(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some from a side."""
    count, (height, width) = len(faces), faces.shape[2:]
    angle, most = _uniform(count, 0, 2 * math.pi, source), _uniform(count, 0, LIGHT, source)
    across = torch.linspace(-1, 1, width)[None, None] * torch.cos(angle)[:, None, None]
    along = torch.linspace(-1, 1, height)[None, :, None] * torch.sin(angle)[:, None, None]
    light = most[:, None, None] * (across + along)
    return faces * (1 + light[:, None] * _some(count, OFTEN, source))


def _covered(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some behind a rectangle of one grey [Zhong 2020]."""
    count, (height, width) = len(faces), faces.shape[2:]
    extent = [_uniform(count, *COVERED, source)[:, None] for _ in range(2)]
    centre = [torch.rand(count, 1, generator=source) for _ in range(2)]
    inside = [
        ((torch.arange(size)[None] + 0.5) / size - middle).abs() < side / 2
        for size, middle, side in zip((height, width), centre, extent, strict=True)
    ]
    hidden = (inside[0][:, None, :, None] & inside[1][:, None, None, :]) & (_some(count, OFTEN, source) > 0)
    return torch.where(hidden, _uniform(count, 0, 255, source)[:, None, None, None], faces)
