"""Composition of blocks: one after the other, side by side, around a shortcut, later, and only when needed."""

from opendr_perception.streaming.compose.chain import (
    Sequential,
    feed,
    memories_of,
    per_frame,
    require_per_frame,
    settled,
    shape_after,
    slots_of,
)
from opendr_perception.streaming.compose.conditional import Conditional
from opendr_perception.streaming.compose.parallel import Delay, Parallel, Residual

__all__ = [
    "Conditional",
    "Delay",
    "Parallel",
    "Residual",
    "Sequential",
    "feed",
    "memories_of",
    "per_frame",
    "require_per_frame",
    "settled",
    "shape_after",
    "slots_of",
]
