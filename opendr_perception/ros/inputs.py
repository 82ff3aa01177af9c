"""What a perception node subscribes, and how a message becomes something to work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from std_msgs.msg import Header

from opendr_perception.ros import images
from opendr_perception.tasks.image import to_bgr


@dataclass(frozen=True)
class Input:
    """A kind of input.

    Args:
        topic: where it is published, relative.
        type: of the messages.
        raw: whether messages come as serialised bytes.
        open: turns a message (or its bytes) into its header and what `process` gets; ValueError if it is unusable.
        canvas: makes a (H, W, 3) uint8 BGR picture of it, on which results are drawn.
    """

    topic: str
    type: type
    raw: bool
    open: Callable[[Any], tuple[Header, Any]]
    canvas: Callable[[Any], np.ndarray]


def image_input(transport: str) -> Input:
    """Camera images, raw or compressed, as `tasks.image.Image`."""
    message_type, _, topic = images.TRANSPORTS[transport]
    return Input(topic, message_type, raw=True, open=partial(images.decode, transport=transport), canvas=to_bgr)


def result_input(topic: str, message_type: type) -> Input:
    """Results of another node, as they are. They are drawn on black, in the size of the image that they are about."""
    return Input(topic, message_type, raw=False, open=lambda message: (message.header, message), canvas=_black)


def _black(message: Any) -> np.ndarray:
    return np.zeros((message.height, message.width, 3), np.uint8)
