"""Action recognition from skeletons: a continual temporal convolutional network [Bai 2018; Hedegaard 2022].

Frames are those of `tasks.action.skeleton`. Some distances between joints are added, which say much and are hard to
learn from
little data; then come dilated causal convolutions, so that there is an answer about now with every frame.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from opendr_perception.networks.channels import ChannelGroup, made_by, taken_by
from opendr_perception.networks.co_transformer import causal_blocks
from opendr_perception.streaming.compose import Sequential, feed, memories_of
from opendr_perception.streaming.contract import Streaming, Tick, compose
from opendr_perception.streaming.conv import Conv1d
from opendr_perception.streaming.state import Memory, Shape, Slot

FRAME = (5, 17, 1)
"""Of `tasks.action.skeleton`: x, y, score, drift x, drift y; joints; one person."""

DISTANCES = (
    (9, 10), (9, 5), (10, 6), (9, 0), (10, 0), (9, 11), (10, 12), (9, 13), (10, 14), (15, 16), (13, 14), (11, 13),
    (12, 14), (11, 15), (12, 16), (5, 6), (5, 11), (6, 12), (0, 11), (0, 12),
)  # fmt: skip
"""Pairs of joints: wrists to each other, shoulders, nose, hips and knees; legs; trunk."""

KERNEL = 3
DILATIONS = (1, 2, 4, 8, 16, 1, 4)


class Geometry(nn.Module):
    """Features of each frame by itself: (B, 5, T, 17, 1) to (B, COUNT, T)."""

    COUNT = 3 * 17 + 2 + len(DISTANCES)

    def __init__(self) -> None:
        super().__init__()
        first, second = torch.tensor(DISTANCES).T
        self.register_buffer("first", first.contiguous(), persistent=False)
        self.register_buffer("second", second.contiguous(), persistent=False)

    first: Tensor
    second: Tensor

    def forward(self, clip: Tensor) -> Tensor:
        joints = clip.squeeze(-1)
        x, y, score = joints[:, 0], joints[:, 1], joints[:, 2]  # (B, T, 17)
        known = (score > 0).to(score.dtype)
        ends = [(axis[..., self.first] - axis[..., self.second]).square() for axis in (x, y)]
        lengths = (ends[0] + ends[1] + 1e-4).sqrt() * known[..., self.first] * known[..., self.second]
        drift = joints[:, 3:, :, 0].transpose(1, 2)
        return torch.cat([x, y, score, drift, lengths], -1).transpose(1, 2)


class ActionTcn(Streaming):
    """Scores actions from frames (B, 5, 17, 1), in clips (B, 5, T, 17, 1).

    Args:
        num_classes: Number of actions.
        width: Channels.
        dilations: Of the blocks, in frames.
        dropout: Share of the last channels that a training blanks.
    """

    def __init__(
        self, num_classes: int, width: int = 96, dilations: tuple[int, ...] = DILATIONS, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.frame_shape = FRAME
        self.num_classes, self.width, self.dilations, self.dropout = num_classes, width, dilations, dropout
        blocks: OrderedDict[str, nn.Module] = OrderedDict(
            geometry=Geometry(),
            norm=nn.BatchNorm1d(Geometry.COUNT),
            stem=Conv1d(Geometry.COUNT, width, KERNEL, causal=True),
            stem_norm=nn.BatchNorm1d(width),
            stem_relu=nn.ReLU(),
        )
        blocks.update(causal_blocks(width, dilations).named_children())
        blocks["dropout"] = nn.Dropout1d(dropout)
        blocks["fc"] = nn.Conv1d(width, num_classes, 1)
        self.layers = Sequential(blocks)
        self.receptive_field, self.padding, self.stride = compose([self.layers])
        self.memories = memories_of(self.layers)

    def channel_groups(self) -> Sequence[ChannelGroup]:
        """Describe the channels: the shortcuts add those of all blocks, so there is one group, `trunk`."""
        blocks = [f"layers.block{number}.body" for number in range(1, len(self.dilations) + 1)]
        made = made_by("layers.stem", "layers.stem_norm")
        for block in blocks:
            made += made_by(f"{block}.conv", f"{block}.norm")
        return [ChannelGroup("trunk", self.width, made, taken_by(*(f"{block}.conv" for block in blocks), "layers.fc"))]

    def narrowed(self, sizes: Mapping[str, int]) -> ActionTcn:
        """Return a new network with so many channels in the `trunk`."""
        return ActionTcn(self.num_classes, sizes["trunk"], self.dilations, self.dropout)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return tuple(slot._replace(name=f"layers.{slot.name}") for slot in self.layers.slots(frame_shape))

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.num_classes,)

    def forward(self, clip: Tensor) -> Tensor:
        """Score each frame of people who have just come into view: (B, 5, T, 17, 1) to (B, classes, T), logits."""
        return self.layers(clip)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        return feed(self.layers, frame, memory, tick)
