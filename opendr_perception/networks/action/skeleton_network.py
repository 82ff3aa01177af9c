"""Common parts of CoST-GCN, CoAGCN and CoS-TR [Hedegaard 2023, Continual spatio-temporal graph convolutional networks].

A skeleton network is a chain of blocks, each a layer over the joints of a frame followed by a convolution over time,
and at its end a mean over joints, persons and time. Only the convolutions, the shortcuts around them and the last pool
remember anything, so a step costs about what one frame of a clip costs.

The names of parameters are those of OpenDR's networks for clips.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import OrderedDict
from dataclasses import replace
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.streaming.channel import Linear
from opendr_perception.streaming.compose import Delay, Sequential, per_frame
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.conv import Conv2d
from opendr_perception.streaming.pool import AvgPool
from opendr_perception.streaming.state import Memory, Shape, Slot

KERNEL = 9  # frames of a temporal convolution
STAGES = (4, 3, 3)  # blocks of each width in the published networks


class SpatioTemporalBlock(Streaming):
    """ReLU(R(x) + BN(TC(GC(x)))): a layer over joints, a convolution over time, and a shortcut around both [eq. 4, 16].

    The shortcut takes the frame in the middle of the kernel, (K - 1) / 2 frames late, with or without padding. (As
    printed, eq. 13 delays it by K - 1 frames where there is no padding, which does not fit weights for clips.)

    Args:
        gcn: The layer over joints, from clips (N, c_in, T, V) to (N, c_out, T, V).
        in_channels: Channels c_in.
        out_channels: Channels c_out.
        stride: In time.
        padding: In time.
        residual: Whether there is a shortcut.
        causal: Pad the start alone, and let the shortcut take the newest frame.
    """

    def __init__(
        self,
        gcn: nn.Module,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        padding: int = 0,
        *,
        residual: bool = True,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.gcn = gcn
        t_conv = Conv2d(out_channels, out_channels, (KERNEL, 1), (stride, 1), (padding, 0), causal=causal)
        self.tcn = Sequential(OrderedDict(t_conv=_initialised(t_conv), bn=nn.BatchNorm2d(out_channels)))
        self.residual: nn.Module | None = None
        if residual and (in_channels == out_channels and stride == 1):
            self.residual = nn.Identity()
        elif residual:
            fit = nn.Conv2d(in_channels, out_channels, 1, (stride, 1))
            self.residual = nn.Sequential(OrderedDict(t_conv=_initialised(fit), bn=nn.BatchNorm2d(out_channels)))
        self.out_channels = out_channels
        self.align = Delay(KERNEL // 2 if residual and not causal else 0)
        self.receptive_field, self.padding, self.stride = KERNEL, t_conv.padding, stride
        self.first = 0 if causal else KERNEL // 2 - padding  # frame of a clip that the first shortcut takes
        self.memories = self.align.memories + self.tcn.memories

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        mixed = (self.out_channels, *frame_shape[1:])
        return (
            *(slot._replace(name=f"residual.{slot.name}") for slot in self.align.slots(frame_shape)),
            *(slot._replace(name=f"tcn.{slot.name}") for slot in self.tcn.slots(mixed)),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.out_channels, *frame_shape[1:])

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (N, c_in, T, V) to (N, c_out, T', V)."""
        output = self.tcn(self.gcn(clip))
        if self.residual is not None:
            output = output + self.residual(clip[:, :, self.first :])[:, :, : output.shape[2]]
        return F.relu(output)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        past, sums = memory[: self.align.memories], memory[self.align.memories :]
        middle, past = self.align.advance(frame, past, tick)
        output, sums = self.tcn.advance(per_frame(self.gcn, frame), sums, tick)
        if output is None or middle is None:
            return None, (*past, *sums)
        if self.residual is not None:
            output = output + per_frame(self.residual, middle)
        return F.relu(output), (*past, *sums)


class SkeletonNetwork(Streaming):
    """A network from skeletons to scores of actions, for clips (N, C, T, V, S) and frames (N, C, V, S) of S persons.

    With `star`, the network has neither padding nor stride, and answers with every frame. Without, it has those of the
    original network for clips and answers with every fourth frame. Weights fit both; fine-tune them for `star`.

    Both answer about the middle of what they see. With `causal`, padding is before a stream alone, shortcuts take the
    newest frame and nothing is pooled: from the first frame on an answer is about now, and is learnt frame by frame.

    Args:
        skeleton: Layout of the joints: 'ntu25', 'openpose18' or 'coco17'.
        num_classes: Number of actions.
        persons: Skeletons S per stream. They are normalised apart, so keep each person in one place.
        in_channels: Numbers per joint.
        width: Channels of the first blocks; the middle ones have twice, the last four times as many. Or all three
            numbers, as after pruning.
        star: See above.
        frames: Frames of the clips that the network is for; that many are pooled in the end, unless it is causal.
        stages: Blocks of each of the three widths. The first of the second and of the third double the channels, and
            have a stride of 2 in the original networks.
        causal: See above.
    """

    published_names: ClassVar[tuple[tuple[str, str], ...]] = (
        (r"^(layers\.layer\d+)\.0\.[01]\.", r"\1."),  # OpenDR's continual networks wrap body and shortcut
        (r"\.A$", ".adjacency"),
    )

    def __init__(
        self,
        skeleton: str = "coco17",
        num_classes: int = 60,
        *,
        persons: int = 2,
        in_channels: int = 3,
        width: int | tuple[int, int, int] = 64,
        star: bool = True,
        frames: int = 300,
        stages: tuple[int, int, int] = STAGES,
        causal: bool = False,
    ) -> None:
        super().__init__()
        if skeleton not in SKELETONS:
            raise ValueError(f"no skeleton {skeleton!r}: {', '.join(SKELETONS)}")
        self.skeleton = SKELETONS[skeleton]
        self.persons, self.star, self.causal = persons, star, causal
        joints, adjacency = len(self.skeleton.joints), self.skeleton.adjacency()
        self.frame_shape = (in_channels, joints, persons)
        self.data_bn = nn.BatchNorm1d(persons * joints * in_channels)

        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        self.widths = width if isinstance(width, tuple) else (width, 2 * width, 4 * width)
        self.num_classes, self.frames, self.stages = num_classes, frames, stages
        channels = in_channels
        for i, (stage, doubles) in self.places().items():
            out_channels = self.widths[stage]
            blocks[f"layer{i}"] = SpatioTemporalBlock(
                self.spatial_layer(i, channels, out_channels, adjacency),
                channels,
                out_channels,
                stride=2 if doubles and not star else 1,
                padding=0 if star or causal else KERNEL // 2,
                residual=i > 1,
                causal=causal,
            )
            channels = out_channels
        self.layers = Sequential(blocks)
        self._shapes = [slot.shape for slot in self.layers.slots((in_channels, joints))]  # of one person's memory
        ends = 0 if causal else self.layers.padding
        self.shortest = self.layers.receptive_field - self.layers.padding - ends  # clip that has an output
        if frames < self.shortest:
            raise ValueError(f"{type(self).__name__} is for clips of {self.shortest} frames or more, not {frames}")
        self.pool = AvgPool(1 if causal else (frames - self.shortest) // self.layers.stride + 1, partial=True)
        self.fc = Linear(channels, num_classes)
        nn.init.normal_(self.fc.weight, 0, math.sqrt(2 / num_classes))
        nn.init.zeros_(self.fc.bias)
        self.receptive_field, self.padding, self.stride = compose([self.layers, self.pool])
        self.memories = self.layers.memories + self.pool.memories

    def places(self) -> dict[int, tuple[int, bool]]:
        """Stage of each block, 0 to 2, and whether it is the first of one that doubles the channels; blocks from 1."""
        stages = [stage for stage, blocks in enumerate(self.stages) for _ in range(blocks)]
        return {
            block: (stage, stage > before)
            for block, (before, stage) in enumerate(zip([0, *stages], stages, strict=False), 1)
        }

    @abstractmethod
    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        """Return the layer over joints of a block, from 1, for clips (N, in_channels, T, V)."""

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        channels, joints, persons = frame_shape
        layers = self.layers.slots((channels, joints))
        features = (self.fc.in_features,)
        return (
            *(Slot(f"layers.{slot.name}", (persons, *slot.shape), slot.fill) for slot in layers),
            *(slot._replace(name=f"pool.{slot.name}") for slot in self.pool.slots(features)),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.fc.out_features,)

    def forward(self, clip: Tensor) -> Tensor:
        """Score a clip.

        Args:
            clip: (N, C, T, V, S).

        Returns:
            (N, classes, T'), logits; the last ones, [:, :, -1], are about the whole clip.
        """
        if clip.ndim != 5 or (clip.shape[1], *clip.shape[3:]) != self.frame_shape or clip.shape[2] < self.shortest:
            expected = f"(C, V, S) = {self.frame_shape} and T >= {self.shortest}"
            raise ValueError(f"clips are (N, C, T, V, S) with {expected}, not {tuple(clip.shape)}")
        joints = self.layers(self._normalise(clip))
        return self.fc(self.pool(joints.unflatten(0, (-1, self.persons)).mean((1, 4))))

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        remembered, pooled = memory[: self.layers.memories], memory[self.layers.memories :]
        persons = replace(tick, time=tick.time[:, None].expand(-1, self.persons).flatten())
        joints = self._normalise(frame.unsqueeze(2))[:, :, 0]
        folded = tuple(m.reshape(-1, *shape) for m, shape in zip(remembered, self._shapes, strict=True))
        output, new = self.layers.advance(joints, folded, persons)
        remembered = tuple(m.reshape(-1, self.persons, *shape) for m, shape in zip(new, self._shapes, strict=True))
        if output is None:
            return None, (*remembered, *pooled)
        features = output.unflatten(0, (-1, self.persons)).mean((1, 3))
        mean, pooled = self.pool.advance(features, pooled, tick.after(self.layers))
        return None if mean is None else self.fc(mean), (*remembered, *pooled)

    def _normalise(self, clip: Tensor) -> Tensor:
        """Normalise (N, C, T, V, S) per person, joint and channel: (N S, C, T, V)."""
        channels, joints, persons = clip.shape[1], clip.shape[3], clip.shape[4]
        x = self.data_bn(clip.permute(0, 4, 3, 1, 2).flatten(1, 3)).unflatten(1, (persons, joints, channels))
        return x.permute(0, 1, 3, 4, 2).flatten(0, 1)


def _initialised(conv: nn.Conv2d | Conv2d) -> nn.Module:
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
