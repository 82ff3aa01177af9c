"""Appearance of boxes from a detector's feature map: RoIAlign and a small encoder behind it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

APPEARANCE = 315
"""Numbers that describe how a box looks."""


def region_features(features: Tensor, boxes: Tensor, cells: int, side: int | None = None) -> Tensor:
    """RoIAlign with one sample for each cell [He 2017], pixel centres at half numbers.

    Rows and columns are interpolated one after the other, as products of matrices, which every runtime does fast.

    Args:
        features: (C, H, W).
        boxes: (N, 4) x_min, y_min, x_max, y_max in cells of the map.
        cells: of the result, in both directions.
        side: of the square to which the map is resized first; boxes are in its cells then.

    Returns:
        (N, C, cells, cells); beyond the map the border is repeated.
    """
    channels, height, width = features.shape
    across = interpolation(boxes[:, 0], boxes[:, 2], cells, side or width)
    down = interpolation(boxes[:, 1], boxes[:, 3], cells, side or height)
    if side is not None:
        nothing = boxes.new_zeros(1)
        across = across @ interpolation(nothing, nothing + width, side, width)[0]
        down = down @ interpolation(nothing, nothing + height, side, height)[0]
    rows = down.flatten(0, 1) @ features.permute(1, 2, 0).flatten(1)
    sampled = across[:, None] @ rows.view(-1, cells, width, channels)
    return sampled.permute(0, 3, 1, 2)


def interpolation(low: Tensor, high: Tensor, cells: int, size: int) -> Tensor:
    """Weights (N, cells, size) of the positions on a line at the centres of the cells between low and high (N,)."""
    steps = (torch.arange(cells, dtype=low.dtype, device=low.device) + 0.5) / cells
    places = (low[:, None] + (high - low)[:, None] * steps - 0.5).clamp(0, size - 1)
    return (1 - (places[:, :, None] - torch.arange(size, dtype=low.dtype, device=low.device)).abs()).clamp(min=0)


class RegionEncoder(nn.Module):
    """Appearance of boxes from a detector's feature map [Symeonidis 2023, FSeq2-NMS].

    Args:
        channels: of the map.
        appearance: numbers that describe a box.
    """

    SIDE = 64
    """Cells, in both directions, to which the map is resized."""
    CELLS = 20
    """Of a region, in both directions."""

    def __init__(self, channels: int, appearance: int = APPEARANCE) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, 40, 3, padding=1)
        self.conv_2 = nn.Conv2d(40, 4, 3, padding=1)
        self.linear = nn.Linear(400, appearance)

    def forward(self, features: Tensor, boxes: Tensor) -> Tensor:
        """Appearance (N, 315) of boxes (N, 4), given as fractions of the map (C, h, w)."""
        regions = region_features(features, boxes * self.SIDE, self.CELLS, self.SIDE)
        hidden = F.max_pool2d(F.relu(self.conv_2(F.relu(self.conv_1(regions)))), 2)
        return F.relu(self.linear(hidden.flatten(1)))
