"""The lower part of a continual video network, for others that go on from its features."""

from __future__ import annotations

from torch import Tensor, nn

from opendr_perception.networks.activity.head import FrameFeatures, Head
from opendr_perception.networks.activity.planar import planar
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming


class VideoTrunk(Sequential):
    """Images (B, 3, T, H, W) to what the head of a network pools over time, (B, C, T); parameters are shared with it.

    Args:
        blocks: Of a continual video network, a `Head` last.
        side: Pixels of its images, which are squares; 0 for any.
    """

    def __init__(self, blocks: Sequential, side: int = 0) -> None:
        *body, head = blocks
        assert isinstance(head, Head)
        super().__init__(*body, FrameFeatures(head.pool))
        if side:
            self.frame_shape = (3, side, side)

    def for_inference(self) -> Streaming:
        """The same in two dimensions, with batch norms folded away."""
        flat = planar(self)
        flat.frame_shape = self.frame_shape
        return flat


class AfterTrunk(nn.Module):
    """The end of a network behind its trunk: features (B, C, T) to logits (B, classes, T) of the shortest horizon."""

    def __init__(self, blocks: Sequential) -> None:
        super().__init__()
        *_, head = blocks
        assert isinstance(head, Head)
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        windows = self.head.horizons.windows
        logits = self.head.classify(self.head.horizons(features))
        return logits[..., windows.index(min(windows))] if len(windows) > 1 else logits
