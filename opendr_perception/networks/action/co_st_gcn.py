"""CoST-GCN: continual spatio-temporal graph convolutional networks [Yan 2018; Hedegaard 2023]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from opendr_perception.networks.action.fused_st_gcn import FusedStGcn
from opendr_perception.networks.action.skeleton_network import SkeletonNetwork
from opendr_perception.networks.channels import ChannelGroup, Entry, made_by, norm_of, taken_by
from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.graph import GraphConvolution


class CoStGcn(SkeletonNetwork):
    """A skeleton network of graph convolutions; `forward` is ST-GCN.

    `star=True` is CoST-GCN*, `star=False` is CoST-GCN. Arguments as in `SkeletonNetwork`.
    """

    def spatial_layer(self, block: int, in_channels: int, out_channels: int, adjacency: Tensor) -> nn.Module:
        return GraphConvolution(in_channels, out_channels, adjacency)

    def channel_groups(self) -> Sequence[ChannelGroup]:
        """Describe the channels: shortcuts tie those of blocks of one width, so there are `stage1` to `stage3`."""
        made: list[tuple[Entry, ...]] = [(), (), ()]
        taken: list[tuple[Entry, ...]] = [(), (), taken_by("fc")]
        for block, (stage, first) in self.places().items():
            layer = f"layers.layer{block}"
            partitions = [f"{layer}.gcn.g_conv.{part}" for part in range(3)]
            for partition in partitions:
                made[stage] += made_by(partition)
            made[stage] += norm_of(f"{layer}.gcn.bn") + made_by(f"{layer}.tcn.t_conv", f"{layer}.tcn.bn")
            taken[stage] += taken_by(f"{layer}.tcn.t_conv")
            if block == 1 or first:
                made[stage] += made_by(f"{layer}.gcn.gcn_residual.0", f"{layer}.gcn.gcn_residual.1")
            if first:
                made[stage] += made_by(f"{layer}.residual.t_conv", f"{layer}.residual.bn")
                taken[stage - 1] += taken_by(f"{layer}.gcn.gcn_residual.0", f"{layer}.residual.t_conv")
            if block > 1:
                taken[stage - 1 if first else stage] += taken_by(*partitions)
        return [ChannelGroup(f"stage{k + 1}", self.widths[k], made[k], taken[k]) for k in range(3)]

    def narrowed(self, sizes: Mapping[str, int]) -> CoStGcn:
        """Return a new network with so many channels in `stage1`, `stage2` and `stage3`.

        Raises:
            ValueError: Stages that follow each other would have equal widths, and lose the convolution between them.
        """
        widths = sizes["stage1"], sizes["stage2"], sizes["stage3"]
        if widths[0] == widths[1] or widths[1] == widths[2]:
            raise ValueError(f"stages that follow each other have different widths, not {widths}")
        channels, _, persons = self.frame_shape or (0, 0, 0)
        return CoStGcn(
            self.skeleton.name, self.num_classes, persons=persons, in_channels=channels, width=widths, star=self.star,
            frames=self.frames, stages=self.stages, causal=self.causal,
        )  # fmt: skip

    def for_inference(self) -> Streaming:
        return FusedStGcn(self) if self.star and not self.causal else self
