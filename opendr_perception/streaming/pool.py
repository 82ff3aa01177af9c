"""Continual pooling over time.

A window of k frames is pooled anew with each frame. A pool over space is per frame and needs no memory; do it first, by
a plain `nn` pool of temporal size 1, and the memory of the temporal pool is small.

`partial` pools answer from the first frame on: until k frames were seen they pool those there are. In `forward` they do
the same at the start of the clip, so that their last output pools a clip of up to k frames as a whole: that is what an
adaptive pool to size one does.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot, push


class _Pool(Streaming):
    """A pool over a window in time.

    Args:
        window: Frames to pool, k.
        stride: Frames between two outputs.
        padding: Frames of padding on both ends of a clip, at the start of a stream.
        partial: Pool what there is while the window fills; `padding` must then be 0.
    """

    fill: float

    def __init__(self, window: int, stride: int = 1, padding: int = 0, *, partial: bool = False) -> None:
        super().__init__()
        if window < 1 or stride < 1 or not 0 <= padding < window:
            raise ValueError(f"no pool has window {window}, stride {stride} and padding {padding}")
        if partial and padding:
            raise ValueError("a partial pool takes no padding")
        self.partial = partial
        self.receptive_field, self.stride = window, stride
        self.padding = window - 1 if partial else padding
        self.memories = 1 if window > 1 else 0

    def extra_repr(self) -> str:
        return f"{self.receptive_field}, stride={self.stride}, padding={self.padding}, partial={self.partial}"

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        channels, *spatial = frame_shape
        slot = Slot("inputs", (channels, self.receptive_field - 1, *spatial), self.fill)
        return (slot,) if self.memories else ()

    def forward(self, clip: Tensor) -> Tensor:
        """Pool a clip (B, C, T, ...)."""
        frames, spatial = clip.shape[2], clip.shape[3:]
        ends = (self.padding, 0 if self.partial else self.padding)
        padded = F.pad(clip.reshape(*clip.shape[:3], -1), (0, 0, *ends), value=self.fill)
        pooled = self._pool_clip(padded, frames)
        return pooled.reshape(*pooled.shape[:3], *spatial)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        window = push(memory[0], frame) if memory else frame.unsqueeze(2)
        output = None if tick.after(self).idle else self._pool_window(window, tick)
        return output, (window[:, :, 1:],) if memory else ()

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        window = torch.stack([frame] * (self.receptive_field - 1), 2) if self.memories else frame
        kept = torch.full_like(window, self.fill) if self.partial else window  # a partial pool has seen none of these
        return frame, (kept,) if self.memories else ()

    def _pool_clip(self, padded: Tensor, frames: int) -> Tensor:
        raise NotImplementedError

    def _pool_window(self, window: Tensor, tick: Tick) -> Tensor:
        raise NotImplementedError


class AvgPool(_Pool):
    """Average over a window in time. Zeros of the padding count, as in `nn.AvgPoolNd`; frames not yet seen do not.

    The mean is taken over the remembered frames each time, which costs one addition per frame of the window and leaves
    no error behind, while a running sum drifts.
    """

    fill = 0.0

    def _pool_clip(self, padded: Tensor, frames: int) -> Tensor:
        mean = F.avg_pool2d(padded, (self.receptive_field, 1), (self.stride, 1))
        if not self.partial:
            return mean
        seen = torch.arange(1, frames + 1, self.stride, device=padded.device).clamp(max=self.receptive_field)
        return mean * (self.receptive_field / seen.to(mean.dtype))[:, None]

    def _pool_window(self, window: Tensor, tick: Tick) -> Tensor:
        if not self.partial:
            return window.mean(2)
        seen = (tick.index + 1).clamp(min=1, max=self.receptive_field)  # the rest of the window is zeros
        return window.sum(2) / seen.to(window.dtype).reshape(-1, *[1] * (window.ndim - 2))


class MaxPool(_Pool):
    """Maximum over a window in time."""

    fill = float("-inf")

    def _pool_clip(self, padded: Tensor, frames: int) -> Tensor:
        return F.max_pool2d(padded, (self.receptive_field, 1), (self.stride, 1))

    def _pool_window(self, window: Tensor, tick: Tick) -> Tensor:
        return window.amax(2)


class AdaptiveAvgPool(AvgPool):
    """Average over all frames so far, but no more than `window`: `nn.AdaptiveAvgPoolNd` to temporal size 1.

    Args:
        window: The most frames to pool; the length of the clips for which the network was made.
    """

    def __init__(self, window: int) -> None:
        super().__init__(window, partial=True)


class AdaptiveMaxPool(MaxPool):
    """Maximum over all frames so far, but no more than `window`: `nn.AdaptiveMaxPoolNd` to temporal size 1.

    Args:
        window: The most frames to pool; the length of the clips for which the network was made.
    """

    def __init__(self, window: int) -> None:
        super().__init__(window, partial=True)
