"""Slow and I3D on a ResNet-50 [Feichtenhofer 2019, SlowFast; Carreira 2017], for clips and for streams.

Names of parameters are those of PyTorchVideo. Slow has temporal kernels in its last two stages only. I3D has them
everywhere, and a pool that halves the rate behind its first stage: CoI3D answers with every second frame and is then
exactly the published network, or, with `every_frame`, gives up that stride and looks as far back by dilation.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from opendr_perception.networks.activity.head import Head, HorizonPool
from opendr_perception.networks.activity.planar import planar
from opendr_perception.networks.activity.residual import (
    Mode,
    VideoBlock,
    bottleneck,
    convolution,
    initialise,
    stage,
)
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.pool import MaxPool

FRAMES = 8
"""Of the clips that both were published for."""


@dataclass(frozen=True)
class Layout:
    """Sizes of a network, and the layers that look at more than one frame.

    Attributes:
        stem: Temporal kernel of the first convolution.
        kernels: Of the bottlenecks of each stage, in turn.
        pooled: Whether the rate is halved behind the first stage.
        channels: Of the first convolution.
        depths: Number of bottlenecks of each stage.
    """

    stem: int
    kernels: tuple[tuple[int, ...], ...]
    pooled: bool
    channels: int = 64
    depths: tuple[int, ...] = (3, 4, 6, 3)


SLOW = Layout(1, ((1,), (1,), (3,), (3,)), pooled=False)
I3D = Layout(5, ((3,), (3, 1), (3, 1), (1, 3)), pooled=True)
SMALL = Layout(1, ((3,),) * 4, pooled=False, channels=16, depths=(1, 2, 2, 1))
"""Our own, for small images: a quarter of the channels, and every bottleneck looks back."""
LAYOUTS = {"slow": SLOW, "i3d": I3D, "small": SMALL}


class VideoResNet(nn.Module):
    """Slow-8x8 or I3D for clips, as published.

    Args:
        layout: One of LAYOUTS, or one of your own.
        num_classes: Number of activities.
    """

    def __init__(self, layout: Layout | str, num_classes: int = 400) -> None:
        super().__init__()
        pool = HorizonPool((FRAMES,), partial=True)
        self.blocks = _blocks(_named(layout), num_classes, "keep_p", pool, every_frame=False)
        initialise(self)

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (B, 3, T, H, W) to logits (B, classes)."""
        *body, head = self.blocks
        assert isinstance(head, Head)
        for block in body:
            clip = block(clip)
        return head.classify(head.features(clip).mean(2, keepdim=True))


class CoVideoResNet(Sequential):
    """CoSlow or CoI3D: the same for streams, with the same parameters.

    Args:
        layout: One of LAYOUTS, or one of your own.
        num_classes: Number of activities.
        horizons: Inputs of the last pool that it averages, by default those of the clips: 8, or 4 of half the rate.
        mode: See `residual`.
        partial: Answer while the longest horizon fills.
        every_frame: Give up the temporal stride of I3D, for an answer with every frame; the others have none.
    """

    blocks: Sequential

    def __init__(
        self,
        layout: Layout | str,
        num_classes: int = 400,
        horizons: Sequence[int] | None = None,
        mode: Mode = "keep_p",
        *,
        partial: bool = False,
        every_frame: bool = False,
    ) -> None:
        chosen = _named(layout)
        every_frame = every_frame and chosen.pooled
        windows = horizons or (FRAMES // 2 if chosen.pooled else FRAMES,)
        pool = HorizonPool(windows, partial=partial, spacing=2 if every_frame else 1)
        blocks = _blocks(chosen, num_classes, mode, pool, every_frame=every_frame)
        Sequential.__init__(self, OrderedDict(blocks=blocks))
        self.mode = mode
        initialise(self)

    @property
    def horizons(self) -> tuple[int, ...]:
        """Inputs of the last pool that each average runs over."""
        head = self.blocks[-1]
        assert isinstance(head, Head)
        return head.horizons.windows

    def for_inference(self) -> Streaming:
        """The same in two dimensions, with batch norms folded away."""
        return planar(self)


def _named(layout: Layout | str) -> Layout:
    if isinstance(layout, Layout):
        return layout
    if layout not in LAYOUTS:
        raise ValueError(f"there is no network '{layout}'; there are {', '.join(LAYOUTS)}")
    return LAYOUTS[layout]


def _blocks(layout: Layout, classes: int, mode: Mode, pool: HorizonPool, *, every_frame: bool) -> Sequential:
    blocks: list[nn.Module] = [
        Sequential(
            OrderedDict(
                conv=convolution((3, layout.channels), (layout.stem, 7, 7), mode, stride=2),
                norm=nn.BatchNorm3d(layout.channels),
                activation=nn.ReLU(),
                pool=nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            )
        )
    ]
    channels, inner, dilation = layout.channels, layout.channels, 1
    for number, (depth, kernels) in enumerate(zip(layout.depths, layout.kernels, strict=True)):
        rows = []
        for row in range(depth):
            stride = 2 if row == 0 and number > 0 else 1
            rows.append(_block((channels, inner, 4 * inner), stride, kernels[row % len(kernels)], mode, dilation))
            channels = 4 * inner
        blocks.append(stage(rows))
        inner *= 2
        if number == 0 and layout.pooled:
            blocks.append(MaxPool(2, 1 if every_frame else 2))
            dilation = 2 if every_frame else 1
    return Sequential(*blocks, Head(channels, classes, pool))


def _block(channels: tuple[int, int, int], stride: int, kernel: int, mode: Mode, dilation: int) -> VideoBlock:
    into, inner, out = channels
    shortcut = norm = None
    if into != out or stride > 1:
        shortcut, norm = nn.Conv3d(into, out, 1, (1, stride, stride), bias=False), nn.BatchNorm3d(out)
    body = bottleneck(
        ("conv_a", convolution((into, inner), (kernel, 1, 1), mode, dilation=dilation)),
        ("norm_a", nn.BatchNorm3d(inner)),
        ("act_a", nn.ReLU()),
        ("conv_b", nn.Conv3d(inner, inner, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)),
        ("norm_b", nn.BatchNorm3d(inner)),
        ("act_b", nn.ReLU()),
        ("conv_c", nn.Conv3d(inner, out, 1, bias=False)),
        ("norm_c", nn.BatchNorm3d(out)),
    )
    return VideoBlock(body, shortcut, norm, causal=mode == "causal")
