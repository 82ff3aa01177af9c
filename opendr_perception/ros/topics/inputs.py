"""Inputs of perception nodes, and the conversion of their messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from std_msgs.msg import Header

from opendr_perception.ros.convert import images, stamps
from opendr_perception.ros.node import parameter
from opendr_perception.tasks.imaging import Image, PixelRanges, to_bgr


@dataclass(frozen=True)
class Input:
    """A kind of input.

    Args:
        topic: where it is published, relative.
        type: of the messages.
        raw: whether messages come as serialised bytes.
        open: turns a message (or its bytes) into its header and what `process` gets; ValueError if it is unusable.
        canvas: makes a (H, W, 3) uint8 BGR image of it, on which results are drawn.
        stamp: of a message in nanoseconds; ValueError if it is unusable.
        images: the camera's images that it is about. Then `open` gets both messages, the image first.
        remedy: what to do where nobody publishes it; '' for nothing special.
    """

    topic: str
    type: type
    raw: bool
    open: Callable[[Any], tuple[Header, Any]]
    canvas: Callable[[Any], np.ndarray]
    stamp: Callable[[Any], int]
    images: Input | None = None
    remedy: str = ""


class ResultMessage(Protocol):
    """Fields that all results of nodes have."""

    header: Header
    height: int
    width: int


@dataclass(frozen=True)
class ImageWithResult:
    """A result of another node, and the image that it is about."""

    image: Image
    result: Any

    @property
    def note(self) -> str:
        """Doubts about the image, or ''."""
        return self.image.note

    def agreeing(self) -> Any:
        """The result.

        Raises:
            ValueError: it is about an image of another size.
        """
        found, image = self.result, self.image
        if (found.width, found.height) != (image.width, image.height):
            raise ValueError(
                f"{type(found).__name__}: it is about an image of {found.width}x{found.height}, but the image of its "
                f"stamp has {image.width}x{image.height}"
            )
        return found


def transport_parameter() -> str:
    """The parameter `image_transport` of every node that takes images."""
    return parameter(
        "raw",
        "raw takes sensor_msgs/Image from image_raw, compressed takes sensor_msgs/CompressedImage from "
        "image_raw/compressed.",
        choices=("raw", "compressed"),
        read_only=True,
    )


def reliability_parameter() -> str:
    """The parameter `qos_reliability` of every node that takes images or results."""
    return parameter(
        "best_effort",
        "Requested reliability. best_effort hears all of them; reliable does not hear best-effort cameras.",
        choices=("best_effort", "reliable"),
        read_only=True,
    )


def image_input(transport: str) -> Input:
    """Camera images, raw or compressed, as `tasks.imaging.image.Image`."""
    message_type, _, topic = images.TRANSPORTS[transport]
    read = partial(images.decode, transport=transport, ranges=PixelRanges())
    return Input(topic, message_type, raw=True, open=read, canvas=to_bgr, stamp=images.read_stamp)


def result_input(topic: str, message_type: type, remedy: str = "") -> Input:
    """Results of another node, as they are. They are drawn on black, in the size of the image that they are about."""
    return Input(
        topic,
        message_type,
        raw=False,
        open=lambda message: (message.header, message),
        canvas=_black,
        stamp=_stamp,
        remedy=remedy,
    )


def with_images(result: Input, image: Input) -> Input:
    """Results of another node and the images of the same stamps, as `ImageWithResult`."""

    def read(messages: tuple[object, object]) -> tuple[Header, ImageWithResult]:
        header, opened = image.open(messages[0])
        return header, ImageWithResult(opened, result.open(messages[1])[1])

    return replace(result, open=read, canvas=lambda paired: image.canvas(paired.image), images=image)


def _black(message: ResultMessage) -> np.ndarray:
    return np.zeros((message.height, message.width, 3), np.uint8)


def _stamp(message: ResultMessage) -> int:
    return stamps.nanoseconds(message.header.stamp)
