"""Lightweight OpenPose: poses of all people at once, from heatmaps and part affinity fields [Osokin 2018]."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEATMAPS = 19
"""Those of the 18 keypoints of openpose18, and the background's as the last."""
FIELDS = 38
"""x and y of 19 limbs."""
STRIDE = 8
"""Pixels of a cell of the maps."""

BACKBONE = (
    (32, 64, 1, 1), (64, 128, 2, 1), (128, 128, 1, 1), (128, 256, 2, 1), (256, 256, 1, 1), (256, 512, 1, 1),
    (512, 512, 1, 2), *((512, 512, 1, 1),) * 4,
)  # fmt: skip
"""Channels before and after, stride and dilation of the blocks of MobileNet v1, whose strides end at 8."""


class Maps(NamedTuple):
    """Output of a stage for N images.

    Attributes:
        heatmaps: (N, 19, H / 8, W / 8).
        fields: (N, 38, H / 8, W / 8).
    """

    heatmaps: Tensor
    fields: Tensor


def _conv(before: int, after: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, stride, kernel // 2), nn.ReLU(inplace=True)]


def _normed(before: int, after: int, *, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def _separable(before: int, after: int, stride: int, dilation: int) -> nn.Sequential:
    """A block of MobileNet v1: a convolution of each channel by itself, and one across channels."""
    return nn.Sequential(
        nn.Conv2d(before, before, 3, stride, dilation, dilation, groups=before, bias=False),
        nn.BatchNorm2d(before),
        nn.ReLU(inplace=True),
        nn.Conv2d(before, after, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class Neck(nn.Module):
    """Brings the backbone's channels to those of the stages."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.align = nn.Sequential(*_conv(before, after, 1))
        self.trunk = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(after, after, 3, padding=1, groups=after, bias=False),
                    nn.ELU(inplace=True),
                    nn.Conv2d(after, after, 1, bias=False),
                    nn.ELU(inplace=True),
                )
                for _ in range(3)
            )
        )
        self.conv = nn.Sequential(*_conv(after, after))

    def forward(self, x: Tensor) -> Tensor:
        aligned: Tensor = self.align(x)
        features: Tensor = self.conv(aligned + self.trunk(aligned))
        return features


class RefinementBlock(nn.Module):
    """A convolution to the right channels, and a residual that sees farther."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.initial = nn.Sequential(*_conv(before, after, 1))
        self.trunk = nn.Sequential(_normed(after, after), _normed(after, after, dilation=2))

    def forward(self, x: Tensor) -> Tensor:
        first: Tensor = self.initial(x)
        return first + self.trunk(first)


class InitialStage(nn.Module):
    """Layers, and the two heads on them.

    Args:
        trunk: The layers.
        channels: That they give.
        hidden: Channels of the heads.
    """

    def __init__(self, trunk: nn.Sequential, channels: int, hidden: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.heatmaps, self.pafs = (
            nn.Sequential(*_conv(channels, hidden, 1), nn.Conv2d(hidden, count, 1)) for count in (HEATMAPS, FIELDS)
        )

    def forward(self, x: Tensor) -> Maps:
        features = self.trunk(x)
        return Maps(self.heatmaps(features), self.pafs(features))


class LightweightOpenPose(nn.Module):
    """The network. Its published weights load with `networks.checkpoints`.

    Args:
        refinements: Number of stages after the first; 1 is the published network.
        channels: Of the stages.
        width: Factor of the channels of the backbone.
    """

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        (r"^model\.", "backbone."),
        (r"^cpm\.", "neck."),
        (r"^initial_stage\.", "initial."),
        (r"^refinement_stages\.", "refinements."),
        (r"\.(heatmaps|pafs)\.0\.0\.", r".\1.0."),
        (r"\.(heatmaps|pafs)\.1\.0\.", r".\1.2."),
    )

    def __init__(self, refinements: int = 1, channels: int = 128, width: float = 1.0) -> None:
        super().__init__()
        if refinements < 0 or channels < 1 or width <= 0:
            raise ValueError(f"impossible size: {refinements} refinements, {channels} channels, width {width}")
        sizes = [(round(a * width), round(b * width), stride, dilation) for a, b, stride, dilation in BACKBONE]
        first = sizes[0][0]
        stem = nn.Sequential(nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True))
        self.backbone = nn.Sequential(stem, *(_separable(*size) for size in sizes))
        self.neck = Neck(sizes[-1][1], channels)
        trunk = nn.Sequential(*(nn.Sequential(*_conv(channels, channels)) for _ in range(3)))
        self.initial = InitialStage(trunk, channels, 4 * channels)
        self.refinements = nn.ModuleList(
            InitialStage(_refinement(channels + HEATMAPS + FIELDS, channels), channels, channels)
            for _ in range(refinements)
        )

    def forward(self, x: Tensor) -> list[Maps]:
        """Look at images.

        Args:
            x: (N, 3, H, W) BGR, (value - 128) / 256; H and W are multiples of 8.

        Returns:
            What each stage says; the last is the best.
        """
        features = self.neck(self.backbone(x))
        stages: list[Maps] = [self.initial(features)]
        for refine in self.refinements:
            stages.append(refine(torch.cat([features, *stages[-1]], dim=1)))
        return stages


class WholeImage(nn.Module):
    """The network for images of any size as cameras give them: for export, and for the same answers in torch."""

    def __init__(self, network: LightweightOpenPose) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Look at images (N, H, W, 3) uint8 BGR; grey is added at the right and lower border, to multiples of 8."""
        x = (images.permute(0, 3, 1, 2).float() - 128) / 256
        x = F.pad(x, (0, (-x.shape[3]) % STRIDE, 0, (-x.shape[2]) % STRIDE))
        maps = self.network(x)[-1]
        return maps.heatmaps, maps.fields


def _refinement(before: int, channels: int) -> nn.Sequential:
    return nn.Sequential(RefinementBlock(before, channels), *(RefinementBlock(channels, channels) for _ in range(4)))
