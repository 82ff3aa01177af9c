"""Augmentation of faces: mirror, turn, place, light, sharpness, occlusion; on the device where they are."""

from __future__ import annotations

import math

import numpy as np
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


def vary(faces: Tensor, source: torch.Generator, whole: bool = False) -> Tensor:
    """Change faces at random.

    Args:
        faces: (N, 1, H, W) float32 in [0, 255].
        source: Of what is random, on their device.
        whole: Leave them sharp and uncovered.
    """
    faces = _placed(faces, source)
    faces = faces if whole else _coarse(faces, source)
    faces = _lit(faces, source)
    faces = faces if whole else _covered(faces, source)
    noise = torch.randn(faces.shape, generator=source, device=source.device) * NOISE
    return (faces + noise * _some(len(faces), OFTEN, source)).clamp(0, 255)


def _uniform(count: int, low: float, high: float, source: torch.Generator) -> Tensor:
    return low + (high - low) * _random(count, source)


def _random(count: int, source: torch.Generator) -> Tensor:
    return torch.rand(count, generator=source, device=source.device)


def _some(count: int, share: float, source: torch.Generator) -> Tensor:
    """(count, 1, 1, 1): 1 for a share, else 0."""
    return (_random(count, source) < share).float()[:, None, None, None]


def _placed(faces: Tensor, source: torch.Generator) -> Tensor:
    """Mirrored, turned, shifted and scaled, sides for themselves too."""
    count = len(faces)
    turn, shear = _uniform(count, -TURN, TURN, source), _uniform(count, -0.1, 0.1, source)
    wide = 1 + _uniform(count, -SCALE, SCALE, source)
    high = wide * (1 + _uniform(count, -0.1, 0.1, source))
    mirror = torch.where(_random(count, source) < OFTEN, -1.0, 1.0)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        torch.stack([cos * wide * mirror, -sin * high + shear, 2 * _uniform(count, -SHIFT, SHIFT, source)], 1),
        torch.stack([sin * wide * mirror, cos * high, 2 * _uniform(count, -SHIFT, SHIFT, source)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(faces.shape), align_corners=False)
    return F.grid_sample(faces, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _coarse(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some as if seen from far away; all of one call from as far, so that nothing has to wait for the device."""
    chosen = _some(len(faces), SELDOM, source) > 0
    side = int(np.random.default_rng(source.initial_seed()).integers(*COARSE))
    small = F.interpolate(faces, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return torch.where(chosen, F.interpolate(small, faces.shape[2:], mode="bilinear", align_corners=False), faces)


def _lit(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some from a side."""
    count, (height, width) = len(faces), faces.shape[2:]
    angle, most = _uniform(count, 0, 2 * math.pi, source), _uniform(count, 0, LIGHT, source)
    places = (torch.linspace(-1, 1, size, device=source.device) for size in (width, height))
    across = next(places)[None, None] * torch.cos(angle)[:, None, None]
    along = next(places)[None, :, None] * torch.sin(angle)[:, None, None]
    light = most[:, None, None] * (across + along)
    return faces * (1 + light[:, None] * _some(count, OFTEN, source))


def _covered(faces: Tensor, source: torch.Generator) -> Tensor:
    """Some behind a rectangle of one grey [Zhong 2020]."""
    count, (height, width) = len(faces), faces.shape[2:]
    extent = [_uniform(count, *COVERED, source)[:, None] for _ in range(2)]
    centre = [_random(count, source)[:, None] for _ in range(2)]
    inside = [
        ((torch.arange(size, device=source.device)[None] + 0.5) / size - middle).abs() < side / 2
        for size, middle, side in zip((height, width), centre, extent, strict=True)
    ]
    hidden = (inside[0][:, None, :, None] & inside[1][:, None, None, :]) & (_some(count, OFTEN, source) > 0)
    return torch.where(hidden, _uniform(count, 0, 255, source)[:, None, None, None], faces)
