"""The pictures in ROS image messages, from their serialised bytes, without a ROS installation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from rosbags.image import message_to_cvimage
from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.image import CHANNELS, Image

COMPRESSED = "sensor_msgs/msg/CompressedImage"
RAW = "sensor_msgs/msg/Image"


class BadImage(ValueError):
    """The message holds no usable picture; the text says why in one line."""


def deserialize(data: bytes, message_type: str) -> tuple[Any, Image]:
    """Read a message and the picture in it, as a view on the message's bytes for the encodings in CHANNELS.

    Args:
        data: the CDR bytes.
        message_type: RAW or COMPRESSED.

    Returns:
        The message's header (stamp.sec, stamp.nanosec, frame_id), and its picture.

    Raises:
        BadImage: it is truncated, empty, of an unsupported encoding, or not such a message at all.
    """
    try:
        message = _types().deserialize_cdr(memoryview(data), message_type)  # slices of bytes would be copies
        image = decode(message.data) if message_type == COMPRESSED else _view(message)
    except Exception as error:  # the generated reader and the converters raise whatever broken bytes lead to
        raise BadImage(" ".join(str(error).split()) or type(error).__name__) from error
    return message.header, image


def decode(data: Any) -> Image:
    """Decode the bytes of a picture file.

    Raises:
        ValueError: OpenCV cannot.
    """
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if len(data) else None
    if pixels is None:
        raise ValueError("OpenCV cannot decode the compressed picture")
    return Image(np.asarray(pixels, np.uint8), "bgr8")


@cache
def _types() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)


def _view(message: Any) -> Image:
    height, width, step, encoding = message.height, message.width, message.step, message.encoding
    if encoding in CHANNELS:
        return Image.from_buffer(message.data, height, width, step, encoding)
    if not (height and width):
        raise ValueError(f"a picture must have 1 pixel a side at least, not {width}x{height}")
    if len(message.data) < height * step:
        raise ValueError(f"truncated: {len(message.data)} bytes instead of {height} rows of {step}")
    # The converter does not know padded rows: cut them to whole pixels first.
    row = step // width * width
    data = np.frombuffer(message.data, np.uint8)[: height * step].reshape(height, step)[:, :row]
    pixels = message_to_cvimage(replace(message, step=row, data=np.ascontiguousarray(data).ravel()), "bgr8")
    if pixels.shape[:2] != (height, width):  # such as nv12, whose colours are in rows of their own
        raise ValueError(f"unsupported encoding '{encoding}'")
    return Image(np.asarray(pixels, np.uint8), "bgr8")
