"""Camera messages to `tasks.image.Image` and back, without a copy where the encoding allows it.

Image topics are subscribed raw: the middleware's bytes reach the worker as they are, dropped images are never
deserialised, and the pixels of those that are processed stay where they arrived.
"""

from __future__ import annotations

import array
import struct

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.ros.stamps import nanoseconds
from opendr_perception.tasks.image import Image
from opendr_perception.tasks.image_message import COMPRESSED, RAW, BadImage, deserialize

TRANSPORTS: dict[str, tuple[type, str, str]] = {
    "raw": (ImageMessage, RAW, "image_raw"),
    "compressed": (CompressedImage, COMPRESSED, "image_raw/compressed"),
}
"""For each image transport: the message type, its name, and the topic."""


def decode(data: bytes, transport: str) -> tuple[Header, Image]:
    """Read a serialised image message.

    Raises:
        BadImage: it is truncated, empty, of an unsupported encoding, stamped before 1970, or not an image at all.
    """
    header, image = deserialize(data, TRANSPORTS[transport][1])
    stamp = Time(sec=header.stamp.sec, nanosec=header.stamp.nanosec)
    try:
        nanoseconds(stamp)
    except ValueError as error:
        raise BadImage(str(error)) from error
    return Header(stamp=stamp, frame_id=header.frame_id), image


def read_stamp(data: bytes) -> int:
    """The stamp of a serialised message that begins with a header, in nanoseconds, without reading the rest.

    Raises:
        BadImage: it is too short.
    """
    if len(data) < 12:
        raise BadImage(f"truncated: {len(data)} bytes are too few for a header")
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)  # CDR: the byte order first
    return int(seconds * 10**9 + nanoseconds)


def to_message(pixels: np.ndarray, header: Header, encoding: str = "bgr8") -> ImageMessage:
    """A `sensor_msgs/Image` of uint8 pixels, (H, W, C) or (H, W); or of others, if the encoding says so."""
    height, width = pixels.shape[:2]
    message = ImageMessage(header=header, height=height, width=width, encoding=encoding)
    message.step = pixels.nbytes // height
    message.data = array.array("B", pixels.tobytes())
    return message
