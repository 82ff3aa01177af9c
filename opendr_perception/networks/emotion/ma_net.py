"""MA-Net: local attention to four patches of a face beside a multi-scale look at all of it [Zhao 2021]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.emotion.cbam import PUBLISHED_NAMES, Cbam

SIZE = 224
"""Pixels of the side of an image; the patches are cut for no other."""

LOCAL_WEIGHT = 0.6
"""Share of the local branch in loss and answer [Heidari 2022, eq. 5]."""

GROUPS = 4
"""Of channels in a multi-scale block."""


class LocalGlobal(NamedTuple):
    """Outputs of the branches for N images.

    Attributes:
        local_logits, global_logits: (N, classes).
        patches: (4, N, 8 width, 7, 7) features of the patches.
        branches: (2, N, 8 width) pooled features of the local and of the global branch.
    """

    local_logits: Tensor
    global_logits: Tensor
    patches: Tensor
    branches: Tensor

    def logits(self) -> Tensor:
        """The answer of both, (N, classes)."""
        return LOCAL_WEIGHT * self.local_logits + (1 - LOCAL_WEIGHT) * self.global_logits


def _conv3x3(before: int, after: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """Frame of the three kinds of blocks: a first convolution and a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv3x3(before, after, stride)
        self.bn1 = nn.BatchNorm2d(after)
        self.downsample: nn.Module | None = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.transform(F.relu(self.bn1(self.conv1(x)))) + shortcut)

    def transform(self, x: Tensor) -> Tensor:
        """The second half of the block, (N, c, H, W) to the same."""
        raise NotImplementedError


class BasicBlock(ResidualBlock):
    """Two convolutions [He 2016]."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__(before, after, stride)
        self.conv2 = _conv3x3(after, after)
        self.bn2 = nn.BatchNorm2d(after)

    def transform(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(x))


class AttentionBlock(BasicBlock):
    """Two convolutions and CBAM."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__(before, after, stride)
        self.cbam = Cbam(after)

    def transform(self, x: Tensor) -> Tensor:
        return self.cbam(super().transform(x)).features


class MultiScaleBlock(ResidualBlock):
    """Groups of channels in two chains of convolutions, one from the first group on and one from the last.

    Args:
        before, after: Channels.
        stride: Of the first convolution.
        reverse: Whether the second chain begins with the last group, as in MA-Net; the published code of the diversity
            loss begins both with the first.
    """

    def __init__(self, before: int, after: int, stride: int, *, reverse: bool = True) -> None:
        super().__init__(before, after, stride)
        self.chains = nn.ModuleList(
            nn.ModuleDict({str(1 + place): _conv_and_norm(after // GROUPS) for place in range(GROUPS)})
            for _ in range(2)
        )
        self.reverse = reverse

    def transform(self, x: Tensor) -> Tensor:
        first, second = (list(chain.children()) for chain in self.chains)
        groups = x.chunk(GROUPS, 1)
        if not self.reverse:
            return torch.cat(_chain(first, groups), 1) + torch.cat(_chain(second, groups), 1)
        return torch.cat(_chain(first, groups), 1) + torch.cat(_chain(second[::-1], groups[::-1])[::-1], 1)


def _conv_and_norm(channels: int) -> nn.Sequential:
    return nn.Sequential(_conv3x3(channels, channels), nn.BatchNorm2d(channels))


def _chain(convolutions: Sequence[nn.Module], groups: Sequence[Tensor]) -> list[Tensor]:
    """Each convolution sees its group and what the one before it made."""
    outputs = [convolutions[0](groups[0])]
    for convolution, group in zip(convolutions[1:], groups[1:], strict=True):
        outputs.append(convolution(F.relu(outputs[-1]) + group))
    return outputs


class MaNet(nn.Module):
    """The network. Its published weights load with `networks.checkpoints`.

    Args:
        classes: Number of expressions.
        width: Channels of the first layers; the last have eight times as many.
        reverse: See `MultiScaleBlock`.
    """

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        *PUBLISHED_NAMES,
        (r"\.conv1_2_([1-4])\.", r".chains.0.\1.0."),
        (r"\.bn1_2_([1-4])\.", r".chains.0.\1.1."),
        (r"\.conv2_2_([1-4])\.", r".chains.1.\1.0."),
        (r"\.bn2_2_([1-4])\.", r".chains.1.\1.1."),
        (r"^layer3_1_p([1-4])\.", r"patches.\1.0."),
        (r"^layer4_1_p([1-4])\.", r"patches.\1.1."),
        (r"^layer3_2\.", "whole.0."),
        (r"^layer4_2\.", "whole.1."),
    )

    def __init__(self, classes: int = 8, *, width: int = 64, reverse: bool = True) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"MA-Net needs 2 classes, got {classes}")
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _pair(BasicBlock, width, width, 1)
        self.layer2 = _pair(BasicBlock, width, 2 * width, 2)
        self.patches = nn.ModuleDict(
            {
                name: nn.Sequential(
                    _pair(AttentionBlock, 2 * width, 4 * width, 2), _pair(AttentionBlock, 4 * width, 8 * width, 1)
                )
                for name in ("1", "2", "3", "4")
            }
        )
        block = partial(MultiScaleBlock, reverse=reverse)
        self.whole = nn.Sequential(_pair(block, 2 * width, 4 * width, 2), _pair(block, 4 * width, 8 * width, 2))
        self.fc_1 = nn.Linear(8 * width, classes)
        self.fc_2 = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> LocalGlobal:
        """Judge images (N, 3, 224, 224), normalised as in the training.

        Raises:
            ValueError: They have another size.
        """
        if tuple(images.shape[-2:]) != (SIZE, SIZE):
            raise ValueError(f"MA-Net takes images of {SIZE}x{SIZE}, got {tuple(images.shape[-2:])}")
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, 2, padding=1)
        x = self.layer2(self.layer1(x))
        corners = [corner for half in x.chunk(2, 2) for corner in half.chunk(2, 3)]
        patches = torch.stack([net(corner) for net, corner in zip(self.patches.values(), corners, strict=True)])
        local = patches.mean((0, 3, 4))  # of the four patches put together
        whole = self.whole(x).mean((2, 3))
        return LocalGlobal(self.fc_1(local), self.fc_2(whole), patches, torch.stack((local, whole)))


def _pair(block: Callable[[int, int, int], nn.Module], before: int, after: int, stride: int) -> nn.Sequential:
    """Two blocks, the first of which changes channels and size."""
    return nn.Sequential(block(before, after, stride), block(after, after, 1))
