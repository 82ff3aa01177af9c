"""One input of one stream on its way through a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from std_msgs.msg import Header

from opendr_perception.tasks.perceiver import InputT, MemoryT


@dataclass(frozen=True)
class StreamFrame(Generic[InputT, MemoryT]):
    """One input of one stream, ready to be processed."""

    stream: str
    header: Header
    data: object
    """Message as opened by the node's `INPUT`: a `tasks.imaging.Image` for cameras."""
    seen: InputT
    """Input of the perceiver."""
    time: float
    """Seconds, for trackers and temporal models: the stamp, or the time of arrival where stamps say nothing."""
    memory: MemoryT
    """Memory of this stream (`new_memory`); a new one after a gap or when time goes back."""
