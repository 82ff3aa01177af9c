"""Camera messages to `tasks.image.Image` and back, without a copy where the encoding allows it.

Image topics are subscribed raw: the middleware's bytes reach the worker as they are, dropped images are never
deserialised, and the pixels of those that are processed stay where they arrived.
"""

from __future__ import annotations

import array
from functools import cache
from typing import Any

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.tasks.image import CHANNELS, Image

MESSAGE_TYPES: dict[str, type] = {"raw": ImageMessage, "compressed": CompressedImage}


class BadImage(ValueError):
    """The image cannot be used; the text says why in one line."""


def decode(data: bytes, transport: str) -> tuple[Header, Image]:
    """Read a serialised `sensor_msgs/Image` (raw) or `sensor_msgs/CompressedImage` (compressed).

    Raises:
        BadImage: it is truncated, empty, of an unsupported encoding, or not an image at all.
    """
    try:
        if transport == "compressed":
            message = _typestore().deserialize_cdr(data, "sensor_msgs/msg/CompressedImage")
            image = _decompress(message)
        else:
            message = _typestore().deserialize_cdr(data, "sensor_msgs/msg/Image")
            image = from_message(message)
    except BadImage:
        raise
    except Exception as error:  # the generated reader raises whatever the broken bytes lead to
        raise BadImage(f"unreadable message: {error}") from error
    stamp = Time(sec=message.header.stamp.sec, nanosec=message.header.stamp.nanosec)
    return Header(stamp=stamp, frame_id=message.header.frame_id), image


def from_message(message: Any) -> Image:
    """The picture in a `sensor_msgs/Image`, as a view on its bytes for the common encodings.

    Raises:
        BadImage: it is truncated, empty or of an unsupported encoding.
    """
    if message.encoding not in CHANNELS:
        return _convert(message)
    try:
        return Image.from_buffer(message.data, message.height, message.width, message.step, message.encoding)
    except ValueError as error:
        raise BadImage(str(error)) from error


def to_message(pixels: np.ndarray, header: Header, encoding: str = "bgr8") -> ImageMessage:
    """A `sensor_msgs/Image` of contiguous uint8 pixels, (H, W, C) or (H, W)."""
    height, width = pixels.shape[:2]
    message = ImageMessage(header=header, height=height, width=width, encoding=encoding)
    message.step = pixels.nbytes // height
    message.data = array.array("B", pixels.tobytes())
    return message


@cache
def _typestore() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)


def _convert(message: Any) -> Image:
    """Through cv_bridge where ROS has it, else through rosbags-image, which knows the same encodings."""
    try:
        try:
            from cv_bridge import CvBridge

            return Image(CvBridge().imgmsg_to_cv2(message, "bgr8"), "bgr8")
        except ImportError:
            from rosbags.image import message_to_cvimage

            return Image(np.ascontiguousarray(message_to_cvimage(message, "bgr8")), "bgr8")
    except Exception as error:  # both libraries raise their own kinds for an encoding they do not know
        raise BadImage(f"the encoding '{message.encoding}' is not supported: {error}") from error


def _decompress(message: Any) -> Image:
    if len(message.data) == 0:
        raise BadImage("the compressed image is empty")
    pixels = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise BadImage(f"the compressed image ('{message.format}') cannot be decoded")
    return Image(pixels, "bgr8")
