"""X3D [Feichtenhofer 2020], for clips and as CoX3D [Hedegaard 2022, Continual 3D CNNs] for streams.

    network = CoX3D("s", num_classes=400, horizons=(13, 64))
    load_checkpoint(network, torch.load("X3D_S.pyth")["model_state"])

Names of parameters are those of PyTorchVideo; what SlowFast and OpenDR have published loads too.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from opendr_perception.networks.activity.head import Head, HorizonPool, Projection
from opendr_perception.networks.activity.planar import planar
from opendr_perception.networks.activity.residual import (
    Mode,
    Scope,
    SqueezeGate,
    VideoBlock,
    bottleneck,
    convolution,
    initialise,
    stage,
)
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming

STEM = 12
DEPTHS = (1, 2, 5, 3)
BOTTLENECK = 2.25
SQUEEZE = 0.0625


@dataclass(frozen=True)
class Size:
    """A member of the family.

    Attributes:
        frames: Of the clips that it was published for.
        side: Of their images, pixels.
        depth: Factor of the number of blocks.
        width: Factor of the number of channels; the published ones have 2.
        hidden: Channels of the classifier's layer.
        every_norm: Batch norm behind each shortcut, as SlowFast and OpenDR have it; PyTorchVideo has none where a
            shortcut keeps the number of channels.
    """

    frames: int
    side: int
    depth: float = 2.2
    width: float = 2.0
    hidden: int = 2048
    every_norm: bool = False


SIZES = {"s": Size(13, 160), "m": Size(16, 224), "l": Size(16, 312, depth=5.0)}
"""The published ones that look at more than a moment."""


def _named(size: Size | str) -> Size:
    if isinstance(size, Size):
        return size
    if size not in SIZES:
        raise ValueError(f"there is no X3D '{size}'; there are {', '.join(SIZES)}")
    return SIZES[size]


class _Named(nn.Module):
    """Names under which others have published the parameters."""

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        # SlowFast, and OpenDR's X3D and CoX3D
        (r"^s1\.pathway0_stem\.conv_xy\.", "blocks.0.conv.conv_t."),
        (r"^s1\.pathway0_stem\.conv\.", "blocks.0.conv.conv_xy."),
        (r"^s1\.pathway0_stem\.bn\.", "blocks.0.norm."),
        (r"^s2\.pathway0_res(\d+)(?:\.\d+)*\.", r"blocks.1.res_blocks.\1."),
        (r"^s3\.pathway0_res(\d+)(?:\.\d+)*\.", r"blocks.2.res_blocks.\1."),
        (r"^s4\.pathway0_res(\d+)(?:\.\d+)*\.", r"blocks.3.res_blocks.\1."),
        (r"^s5\.pathway0_res(\d+)(?:\.\d+)*\.", r"blocks.4.res_blocks.\1."),
        (r"\.branch1\.(?=weight)", ".branch1_conv."),
        (r"\.branch1_bn\.", ".branch1_norm."),
        (r"\.branch2\.([abc])\.", r".branch2.conv_\1."),
        (r"\.branch2\.b_bn\.", ".branch2.norm_b.0."),
        (r"\.branch2\.([ac])_bn\.", r".branch2.norm_\1."),
        (r"\.branch2\.se\.(?:\d+\.)?fc1\.", ".branch2.norm_b.1.block.0."),
        (r"\.branch2\.se\.(?:\d+\.)?fc2\.", ".branch2.norm_b.1.block.2."),
        (r"^head\.conv_5\.", "blocks.5.pool.pre_conv."),
        (r"^head\.conv_5_bn\.", "blocks.5.pool.pre_norm."),
        (r"^head\.lin_5\.", "blocks.5.pool.post_conv."),
        (r"^head\.projection\.", "blocks.5.proj."),
    )


class X3D(_Named):
    """X3D for clips: exactly the published network, except that pools run over the whole clip, whatever its size.

    Args:
        size: 's', 'm', 'l', or one of your own.
        num_classes: Number of activities.
    """

    def __init__(self, size: Size | str = "s", num_classes: int = 400) -> None:
        super().__init__()
        self.size = _named(size)
        pool = HorizonPool((self.size.frames,), partial=True)
        self.blocks = _blocks(self.size, num_classes, "keep_p", "clip", pool)
        initialise(self)

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (B, 3, T, H, W) to logits (B, classes)."""
        *body, head = self.blocks
        assert isinstance(head, Head)
        for block in body:
            clip = block(clip)
        return head.classify(head.features(clip).mean(2, keepdim=True))


class CoX3D(_Named, Sequential):
    """X3D for streams, with the same parameters.

    Args:
        size: 's', 'm', 'l', or one of your own.
        num_classes: Number of activities.
        horizons: Frames that the last pool averages; one output for each. By default those of the clips.
        mode: See `residual`.
        partial: Answer while the longest horizon fills. With False it is the published network and answers after
            40 (s), 43 (m) or 72 (l) frames.
    """

    blocks: Sequential

    def __init__(
        self,
        size: Size | str = "s",
        num_classes: int = 400,
        horizons: Sequence[int] | None = None,
        mode: Mode = "keep_p",
        *,
        partial: bool = False,
    ) -> None:
        self_size = _named(size)
        pool = HorizonPool(horizons or (self_size.frames,), partial=partial)
        Sequential.__init__(self, OrderedDict(blocks=_blocks(self_size, num_classes, mode, "frame", pool)))
        self.size, self.mode = self_size, mode
        initialise(self)

    @property
    def horizons(self) -> tuple[int, ...]:
        """Frames that each output's pool runs over."""
        head = self.blocks[-1]
        assert isinstance(head, Head)
        return head.horizons.windows

    def for_inference(self) -> Streaming:
        """The same in two dimensions, with batch norms folded away."""
        return planar(self)


def _blocks(size: Size, classes: int, mode: Mode, scope: Scope, pool: HorizonPool) -> Sequential:
    stem = _round(STEM, size.width)
    blocks: list[nn.Module] = [
        Sequential(
            OrderedDict(
                conv=Sequential(  # PyTorchVideo calls the spatial one conv_t and the temporal one conv_xy
                    OrderedDict(
                        conv_t=convolution((3, stem), (1, 3, 3), mode, stride=2),
                        conv_xy=convolution((stem, stem), (5, 1, 1), mode, groups=stem),
                    )
                ),
                norm=nn.BatchNorm3d(stem),
                activation=nn.ReLU(),
            )
        )
    ]
    channels, base = stem, STEM
    inner = 0
    for number, depth in enumerate(DEPTHS):
        base = base if number == 0 else _round(base, 2.0)
        out = _round(base, size.width)
        inner = int(BOTTLENECK * out)
        rows = []
        for row in range(math.ceil(depth * size.depth)):
            squeezed = _round(inner, SQUEEZE) if row % 2 == 0 else 0
            normed = channels != out or (size.every_norm and row == 0)
            rows.append(_block((channels, inner, out), 2 if row == 0 else 1, squeezed, mode, scope, normed))
            channels = out
        blocks.append(stage(rows))
    blocks.append(Head(channels, classes, pool, Projection(channels, inner, size.hidden)))
    return Sequential(*blocks)


def _block(
    channels: tuple[int, int, int], stride: int, squeezed: int, mode: Mode, scope: Scope, normed: bool
) -> VideoBlock:
    into, inner, out = channels
    shortcut = norm = None
    if into != out or stride > 1:
        shortcut = nn.Conv3d(into, out, 1, (1, stride, stride), bias=False)
        norm = nn.BatchNorm3d(out) if normed else None
    gate = SqueezeGate(inner, squeezed, scope) if squeezed else nn.Identity()
    body = bottleneck(
        ("conv_a", nn.Conv3d(into, inner, 1, bias=False)),
        ("norm_a", nn.BatchNorm3d(inner)),
        ("act_a", nn.ReLU()),
        ("conv_b", convolution((inner, inner), (3, 3, 3), mode, stride=stride, groups=inner)),
        ("norm_b", nn.Sequential(nn.BatchNorm3d(inner), gate)),
        ("act_b", nn.SiLU()),
        ("conv_c", nn.Conv3d(inner, out, 1, bias=False)),
        ("norm_c", nn.BatchNorm3d(out)),
    )
    return VideoBlock(body, shortcut, norm, causal=mode == "causal")


def _round(channels: int, factor: float) -> int:
    """Round a number of channels to a multiple of 8, as the authors do."""
    wanted = channels * factor
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded
