"""Camera messages to `tasks.imaging.image.Image` and back, without a copy where the encoding allows it.

Image topics are subscribed raw: the middleware's bytes reach the worker as they are, dropped images are never
deserialised, and the pixels of those that are processed stay where they arrived.
"""

from __future__ import annotations

import array
import os
import struct
from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.ros.convert.stamps import nanoseconds
from opendr_perception.tasks.imaging import (
    COMPRESSED,
    RAW,
    BadImage,
    Convert,
    Image,
    PixelRanges,
    by_rosbags,
    deserialize,
)

TRANSPORTS: dict[str, tuple[type, str, str]] = {
    "raw": (ImageMessage, RAW, "image_raw"),
    "compressed": (CompressedImage, COMPRESSED, "image_raw/compressed"),
}
"""For each image transport: the message type, its name, and the topic."""

JPEG_QUALITY = 80

if "OPENCV_LOG_LEVEL" not in os.environ:  # it writes lines of its own for every bad image; the node says what is wrong
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_FATAL)


def decode(data: bytes, transport: str, ranges: PixelRanges | None = None) -> tuple[Header, Image]:
    """Read a serialised image message.

    Args:
        data: the CDR bytes.
        transport: one of TRANSPORTS.
        ranges: what is known of the range of pixels of more than 8 bits; None: judge each message alone.

    Raises:
        BadImage: it is truncated, empty, of an unsupported encoding, depth, stamped before 1970, or no image at all.
    """
    header, image = deserialize(data, TRANSPORTS[transport][1], ranges, converter())
    stamp = Time(sec=header.stamp.sec, nanosec=header.stamp.nanosec)
    try:
        nanoseconds(stamp)
    except ValueError as error:
        raise BadImage(str(error)) from error
    return Header(stamp=stamp, frame_id=header.frame_id), image


@cache
def converter() -> Convert:
    """Converter of Bayer patterns and packed YUV into BGR: cv_bridge where it works, rosbags-image elsewhere."""
    try:
        from cv_bridge import CvBridge

        bridge = CvBridge()
        # Tried, because one that was built for numpy 1 fails only when it is used.
        tile = SimpleNamespace(encoding="bayer_rggb8", height=4, width=4, step=4, is_bigendian=0, data=bytes(16))
        bridge.imgmsg_to_cv2(tile, "bgr8")
    except (ImportError, AttributeError):
        return by_rosbags
    return lambda message: np.asarray(bridge.imgmsg_to_cv2(message, "bgr8"), np.uint8)


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


def to_jpeg(pixels: np.ndarray, header: Header) -> CompressedImage:
    """A `sensor_msgs/CompressedImage` of uint8 BGR pixels (H, W, 3), as image_transport names it."""
    _, data = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return CompressedImage(header=header, format="bgr8; jpeg compressed bgr8", data=array.array("B", data.tobytes()))
