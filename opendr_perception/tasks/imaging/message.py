"""The images in ROS image messages, from their serialised bytes, without a ROS installation."""

from __future__ import annotations

from functools import cache
from typing import Any

from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.imaging.encodings import Convert, by_rosbags, check_not_depth, to_image
from opendr_perception.tasks.imaging.file import decode
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.imaging.pixel_range import PixelRanges

COMPRESSED = "sensor_msgs/msg/CompressedImage"
RAW = "sensor_msgs/msg/Image"

LONGEST = 300
"""Letters of a text that says what is wrong: messages hold names of any length."""


class BadImage(ValueError):
    """The message holds no usable image; the text says why in one line."""

    def __init__(self, text: str) -> None:
        line = " ".join(text.split())
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in line)[:LONGEST])


def deserialize(
    data: bytes, message_type: str, ranges: PixelRanges | None = None, convert: Convert = by_rosbags
) -> tuple[Any, Image]:
    """Read a message and the image in it, as a view on the message's bytes for the encodings in VIEWED.

    Args:
        data: the CDR bytes.
        message_type: RAW or COMPRESSED.
        ranges: what is known of the range of pixels of more than 8 bits; None: judge each message alone.
        convert: turns Bayer patterns and packed YUV into BGR.

    Returns:
        The message's header (stamp.sec, stamp.nanosec, frame_id), and its image.

    Raises:
        BadImage: it is truncated, empty, of an unsupported encoding, depth, or not such a message at all.
    """
    try:
        message = _types().deserialize_cdr(memoryview(data), message_type)  # slices of bytes would be copies
        encoding = message.format if message_type == COMPRESSED else message.encoding
        tone = ranges.of(f"{encoding} {message.header.frame_id}") if ranges else None
        if message_type == COMPRESSED:
            _check_format(encoding)
            return message.header, decode(message.data, tone=tone)
        return message.header, to_image(message, tone, convert)
    except Exception as error:  # the generated reader and the converters raise whatever broken bytes lead to
        raise BadImage(str(error) or type(error).__name__) from error


def is_readable(data: bytes, message_type: str) -> bool:
    """True if the bytes are a message of this type."""
    try:
        _types().deserialize_cdr(data, message_type)
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _check_format(text: str) -> None:
    """Refuse what image_transport calls depth, such as '16UC1; png compressed' and '32FC1; compressedDepth rvl'."""
    check_not_depth(text.split(";")[0].strip())
    if "compressedDepth" in text:
        raise ValueError(f"'{text}' is depth, not brightness: choose the topic of the colour or grey image")


@cache
def _types() -> Any:
    return get_typestore(Stores.ROS2_JAZZY)
