"""The encodings of raw images, those of sensor_msgs and those of Jetson, libcamera and v4l2, as
`tasks.imaging.image.Image`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, replace
from typing import ClassVar, Protocol

import cv2
import numpy as np
from rosbags.image import message_to_cvimage

from opendr_perception.tasks.imaging.image import CHANNELS, MAX_SIDE, Image, Pixels
from opendr_perception.tasks.imaging.pixel_range import PixelRange


class ImageMessage(Protocol):
    """Fields of sensor_msgs/Image, whatever class has them."""

    __dataclass_fields__: ClassVar[dict[str, Field]]
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: np.ndarray


Convert = Callable[[ImageMessage], Pixels]
"""Makes (H, W, 3) BGR pixels of a raw message of one of CONVERTED."""

DEPTH = frozenset({"16UC1", "32FC1", "64FC1", "16SC1"})
"""Encodings of distances, which are not brightness. Thermal and other grey images of 16 bits are mono16."""

VIEWED = {**{encoding: encoding for encoding in CHANNELS}, "8UC1": "mono8", "8UC3": "bgr8", "8UC4": "bgra8"}
"""Encodings that are used as they are, and their names."""

CONVERTED = frozenset(
    {"bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8", "yuv422", "uyvy", "yuv422_yuy2", "yuyv"}
)
_BYTES_OF_CONVERTED = {"yuv422": 2, "uyvy": 2, "yuv422_yuy2": 2, "yuyv": 2}
_PLANAR = {"nv12", "nv21", "nv24", "yuv420", "i420", "yu12", "yv12"}
_DEEP = {
    "mono16": ("u2", "mono8"),
    "bgr16": ("u2", "bgr8"),
    "rgb16": ("u2", "rgb8"),
    "bgra16": ("u2", "bgra8"),
    "rgba16": ("u2", "rgba8"),
    "16UC3": ("u2", "bgr8"),
    "16UC4": ("u2", "bgra8"),
    "32FC3": ("f4", "bgr8"),
    "32FC4": ("f4", "bgra8"),
    "64FC3": ("f8", "bgr8"),
    **{f"bayer_{pattern}16": ("u2", f"bayer_{pattern}8") for pattern in ("rggb", "bggr", "gbrg", "grbg")},
}
"""More than 8 bits: the type of the numbers, and the encoding once they are scaled."""

# BT.601 of limited range, as OpenCV takes it for nv12: (B, G, R) of (Y, U, V, 1).
_YUV_TO_BGR = np.array([[1.164, 2.018, 0, -276.9], [1.164, -0.391, -0.813, 135.5], [1.164, 0, 1.596, -222.9]])


def by_rosbags(message: ImageMessage) -> Pixels:
    """Convert by rosbags-image, which needs no ROS installation; its rows must not be padded."""
    image = message_to_cvimage(message, "bgr8")  # type: ignore[arg-type]  # it asks for the fields alone
    return np.asarray(image, np.uint8)


def to_image(message: ImageMessage, tone: PixelRange | None = None, convert: Convert = by_rosbags) -> Image:
    """Make an image of a sensor_msgs/Image: as a view of its data where it is in VIEWED, else as a copy.

    Args:
        message: ImageMessage object with the fields of sensor_msgs/Image.
        tone: What is known of the range of the stream's pixels; None: judge this image alone.
        convert: For what is in CONVERTED.

    Raises:
        ValueError: It is depth, of an unknown encoding, empty, or its data do not fit its size.
    """
    encoding, height, width = message.encoding, message.height, message.width
    if encoding in VIEWED:
        return Image.from_buffer(message.data, height, width, message.step, VIEWED[encoding])
    check_not_depth(encoding)
    if not all(1 <= side <= MAX_SIDE for side in (height, width)):
        raise ValueError(f"an image must have 1 to {MAX_SIDE} pixels a side, not {width}x{height}")
    if encoding.lower() in _PLANAR:
        return Image(_from_planes(message, encoding.lower()), "bgr8")
    note = ""
    if encoding in _DEEP:
        kind, encoding = _DEEP[encoding]
        channels = CHANNELS.get(encoding, 1)
        numbers = _rows(message, np.dtype(kind).itemsize * channels).view((">" if message.is_bigendian else "<") + kind)
        shape = (height, width, channels) if channels > 1 else (height, width)
        pixels, note = (tone or PixelRange()).to_8bit(numbers.astype(kind, copy=False).reshape(shape))
        if encoding in CHANNELS:
            return Image(pixels, encoding, note)
    elif encoding in CONVERTED:
        pixels = _rows(message, _BYTES_OF_CONVERTED.get(encoding, 1))
        if encoding in _BYTES_OF_CONVERTED and width % 2:
            raise ValueError(f"{encoding} needs an even width, not {width}")
    else:
        raise ValueError(f"the encoding {encoding[:40]!r} is not supported")
    whole = replace(message, encoding=encoding, step=pixels.shape[1], data=np.ascontiguousarray(pixels).ravel())
    converted = convert(whole)
    if converted.shape != (height, width, 3) or converted.dtype != np.uint8:
        raise ValueError(f"{encoding} of {width}x{height} pixels became {converted.dtype} {converted.shape}")
    return Image(converted, "bgr8", note)


def check_not_depth(encoding: str) -> None:
    """Raise ValueError for encodings of distances."""
    if encoding in DEPTH:
        raise ValueError(f"{encoding} is depth, not brightness: choose the topic of the colour, grey or infrared image")


def _rows(message: ImageMessage, pixel: int, lines: int = 0) -> Pixels:
    """The rows of a message, (lines or height, width * pixel), without their padding."""
    height, step, row = lines or message.height, message.step, message.width * pixel
    if step < row:
        raise ValueError(f"a row of {message.width} {message.encoding} pixels has {row} bytes, more than step: {step}")
    if len(message.data) < height * step:
        raise ValueError(
            f"truncated: {len(message.data)} bytes instead of {height} rows of {step} for {message.encoding} of "
            f"{message.width}x{message.height} pixels"
        )
    data = np.frombuffer(message.data, np.uint8)[: height * step].reshape(height, step)
    return np.ascontiguousarray(data[:, :row])


def _from_planes(message: ImageMessage, encoding: str) -> Pixels:
    """BGR of brightness in rows of `step` bytes, followed by the colours."""
    height, width, step = message.height, message.width, message.step
    if encoding == "nv24":  # colours in full size: twice as many bytes a row
        planes = _rows(message, 1, 3 * height)
        both = np.frombuffer(message.data, np.uint8)[height * step : 3 * height * step].reshape(height, 2 * step)
        colours = both[:, : 2 * width].reshape(height, width, 2)
        yuv = np.dstack([planes[:height], colours]).astype(np.float32)
        return np.asarray(cv2.transform(yuv, _YUV_TO_BGR).round().clip(0, 255), np.uint8)
    if height % 2 or width % 2:
        raise ValueError(f"{encoding} needs an even width and height, not {width}x{height}")
    planes = _rows(message, 1, height * 3 // 2)
    if encoding in ("nv12", "nv21"):
        code = cv2.COLOR_YUV2BGR_NV12 if encoding == "nv12" else cv2.COLOR_YUV2BGR_NV21
        return np.asarray(cv2.cvtColor(planes, code), np.uint8)
    if step % 2:
        raise ValueError(f"{encoding} needs an even step, not {step}")
    halves = np.frombuffer(message.data, np.uint8)[height * step : height * step * 3 // 2].reshape(height, step // 2)
    planes[height:] = halves[:, : width // 2].reshape(height // 2, width)
    code = cv2.COLOR_YUV2BGR_YV12 if encoding == "yv12" else cv2.COLOR_YUV2BGR_I420
    return np.asarray(cv2.cvtColor(planes, code), np.uint8)
