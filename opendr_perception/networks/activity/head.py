"""The end of the video networks: a pool over space and time, and the classifier."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, push


class HorizonPool(Streaming):
    """Average over several windows that end with the newest frame, all from one queue.

    A long window costs one addition per frame and channel and no memory beyond the longest one, and it needs no other
    weights [Continual 3D CNNs, 4.2]. Short windows follow a change soon, long ones are surer.

    Args:
        windows: Inputs that each average runs over.
        partial: Average what there is while a window fills, so that the first input has an answer.
        spacing: Distance of the inputs of a window, for a network whose stride was removed.
    """

    def __init__(self, windows: Sequence[int], *, partial: bool = False, spacing: int = 1) -> None:
        super().__init__()
        if not windows or min(windows) < 1 or len(set(windows)) != len(windows) or spacing < 1:
            raise ValueError(f"horizons are different numbers of frames, at least 1: not {tuple(windows)}")
        self.windows, self.partial, self.spacing = tuple(windows), partial, spacing
        self.past = (max(windows) - 1) * spacing
        self.receptive_field = self.past + 1
        self.padding = self.past if partial else 0
        self.memories = 1 if self.past else 0
        self.counts: Tensor
        self.register_buffer("counts", torch.tensor(self.windows), persistent=False)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return (Slot("inputs", (*frame_shape, self.past)),) if self.memories else ()

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (*frame_shape, len(self.windows))

    def forward(self, clip: Tensor) -> Tensor:
        """Average a clip (B, C, T) to (B, C, T', windows)."""
        padded = F.pad(clip, (self.padding, 0))
        index = torch.arange(padded.shape[2] - self.past, device=clip.device)
        return self._means(padded.unfold(2, self.past + 1, 1), index)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        window = push(memory[0], frame) if memory else frame.unsqueeze(2)
        output = self._means(window.unsqueeze(2), tick.index[:, None]).squeeze(2)
        return output, (window[:, :, 1:],) if memory else ()

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        window = frame.unsqueeze(2).repeat(1, 1, self.past)  # a partial pool has seen none of these
        output = frame.unsqueeze(2).repeat(1, 1, len(self.windows))
        return output, ((torch.zeros_like(window) if self.partial else window),) if self.memories else ()

    def _means(self, queue: Tensor, index: Tensor) -> Tensor:
        """Average queues (B, C, T, past + 1), newest last, the index-th inputs (T,) or (B, T): (B, C, T, windows)."""
        spaced = queue.flip(-1)[..., :: self.spacing]
        sums = torch.stack([spaced[..., :window].sum(-1) for window in self.windows], -1)
        if not self.partial:
            return sums / self.counts.to(queue.dtype)
        seen = torch.minimum(torch.div(index, self.spacing, rounding_mode="floor")[..., None] + 1, self.counts)
        count = seen.clamp(min=1)
        return sums / (count.unsqueeze(-3) if index.ndim > 1 else count).to(queue.dtype)


class Projection(nn.Module):
    """Layers of X3D before and after its pool, named as in PyTorchVideo.

    Args:
        channels: That come in.
        pooled: That are pooled.
        hidden: Of the classifier's layer.
    """

    def __init__(self, channels: int, pooled: int, hidden: int) -> None:
        super().__init__()
        self.pre_conv = nn.Conv3d(channels, pooled, 1, bias=False)
        self.pre_norm = nn.BatchNorm3d(pooled)
        self.post_conv = nn.Conv3d(pooled, hidden, 1, bias=False)

    def forward(self, clip: Tensor) -> Tensor:
        """The layers before the pool: (B, channels, T, H, W) to (B, pooled, T, H, W)."""
        return F.relu(self.pre_norm(self.pre_conv(clip)))


def frame_features(clip: Tensor, projection: Projection | None) -> Tensor:
    """Map (B, C, T, H, W) to what is pooled over time, (B, C', T)."""
    return (clip if projection is None else projection(clip)).mean((3, 4))


class FrameFeatures(Streaming):
    """From maps (B, C, T, H, W) to what is pooled over time, (B, C', T).

    Args:
        projection: X3D's; None for the other networks.
    """

    def __init__(self, projection: Projection | None) -> None:
        super().__init__()
        self.projection = projection

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (frame_shape[0] if self.projection is None else self.projection.pre_conv.out_channels,)

    def forward(self, clip: Tensor) -> Tensor:
        return frame_features(clip, self.projection)

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        return self(frame.unsqueeze(2)).squeeze(2), ()


class Head(Streaming):
    """From maps to the scores of classes, for each horizon.

    Args:
        channels: Of the maps (B, C, H, W) of a frame.
        classes: Number of scores.
        pool: Over time.
        projection: X3D's; None for the other networks.
        dropout: Before the classifier, in training.
    """

    def __init__(
        self, channels: int, classes: int, pool: HorizonPool, projection: Projection | None = None, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.pool = projection
        self.dropout = nn.Dropout(dropout)
        self.proj = nn.Linear(channels if projection is None else projection.post_conv.out_channels, classes)
        self.pooled = channels if projection is None else projection.pre_conv.out_channels
        self._horizons = pool
        self.receptive_field, self.padding, self.memories = pool.receptive_field, pool.padding, pool.memories

    @property
    def horizons(self) -> HorizonPool:
        """The pool over time."""
        return self._horizons

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        return tuple(slot._replace(name=f"pool.{slot.name}") for slot in self._horizons.slots((self.pooled,)))

    def output_shape(self, frame_shape: Shape) -> Shape:
        classes = self.proj.out_features
        return (classes,) if len(self._horizons.windows) == 1 else (classes, len(self._horizons.windows))

    def forward(self, clip: Tensor) -> Tensor:
        """Map (B, C, T, H, W) to (B, classes, T'), or (B, classes, T', horizons) where there are several."""
        return self.classify(self._horizons(self.features(clip)))

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        pooled, memory = self._horizons.advance(self.features(frame.unsqueeze(2)).squeeze(2), memory, tick)
        return None if pooled is None else self.classify(pooled), memory

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        pooled, memory = self._horizons.settle(self.features(frame.unsqueeze(2)).squeeze(2))
        return self.classify(pooled), memory

    def features(self, clip: Tensor) -> Tensor:
        """Map (B, C, T, H, W) to what is pooled over time, (B, C', T)."""
        return frame_features(clip, self.pool)

    def classify(self, pooled: Tensor) -> Tensor:
        """Map (B, C', ..., horizons) to (B, classes, ..., horizons), without the last axis where there is one."""
        x = pooled.squeeze(-1) if len(self._horizons.windows) == 1 else pooled
        x = x.transpose(1, -1)
        if self.pool is not None:
            x = F.relu(F.linear(x, self.pool.post_conv.weight.flatten(1)))
        scores: Tensor = self.proj(self.dropout(x))
        return scores.transpose(1, -1)
