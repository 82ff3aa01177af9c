"""Opens image files, and bytes that claim to be one, so that none can cost more than its size or lie about it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.tasks.imaging.header import MAX_PIXELS, BadImageFile, read_header, without_extras
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.imaging.pixel_range import PixelRange

__all__ = ["SUFFIXES", "BadImageFile", "decode", "read_image"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".webp"})
"""Names of files that are read end so, in small letters."""


def read_image(
    source: str | os.PathLike[str] | bytes, max_pixels: int = MAX_PIXELS, tone: PixelRange | None = None
) -> Image:
    """Read an image of JPEG, PNG, BMP or WebP, turned as its camera was held; more than 8 bits are scaled.

    Args:
        source: The file, or the bytes of one.
        max_pixels: Larger ones are refused before anything is decoded.
        tone: What is known of the range of a stream's pixels; None: judge this image alone.

    Returns:
        A bgr8 image; its `note` says what is doubtful about it.

    Raises:
        BadImageFile: It cannot be read, or is no image, or too large; the text names the file.
    """
    if isinstance(source, bytes):
        return decode(source, max_pixels, tone)
    path = Path(source)
    try:
        return decode(_content(path, 8 * max_pixels), max_pixels, tone)
    except (OSError, ValueError) as error:  # OSError: not there, not allowed; ValueError: a name with a zero byte, too
        problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadImageFile(f"{printable(path)} is not an image that can be read: {problem}") from error


def decode(
    data: bytes | memoryview | np.ndarray, max_pixels: int = MAX_PIXELS, tone: PixelRange | None = None
) -> Image:
    """Decode the bytes of an image file.

    Args:
        data: All of it.
        max_pixels: Larger ones are refused before anything is decoded.
        tone: What is known of the range of a stream's pixels; None: judge this image alone.

    Raises:
        BadImageFile: They are no image, damaged, or too large.
    """
    content = data if isinstance(data, bytes) else bytes(data)
    header = read_header(content, max_pixels)
    try:
        pixels = cv2.imdecode(np.frombuffer(without_extras(content), np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise BadImageFile(f"its {header.format} data are damaged") from error
    if pixels is None or sorted(pixels.shape[:2]) != sorted((header.height, header.width)):
        raise BadImageFile(f"its {header.format} data are damaged")
    if pixels.dtype == np.uint8:
        return Image(np.asarray(pixels, np.uint8), "bgr8")
    scaled, note = (tone or PixelRange()).to_8bit(np.asarray(pixels))
    return Image(scaled, "bgr8", note)


def printable(path: str | os.PathLike[str]) -> str:
    """A path as it can be printed in one line, also where its name is not UTF-8."""
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in name)


def is_utf8(text: str) -> bool:
    """True if a name from the command line or the file system is valid UTF-8, as ROS wants it."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _content(path: Path, most: int) -> bytes:
    # Not to be kept waiting by a pipe without a writer; what is no plain file is told by the opened file itself.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise BadImageFile("it is a directory: name the files in it")
        if not stat.S_ISREG(status.st_mode):
            raise BadImageFile("it is not a plain file")
        if status.st_size > most:
            raise BadImageFile(f"it has {status.st_size} bytes, more than an image may have")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)
