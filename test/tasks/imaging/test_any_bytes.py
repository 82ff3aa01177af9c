"""Property: any bytes are an image or the one error, within the time and memory that an image may cost."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.imaging.encodings import _DEEP, _PLANAR, CONVERTED, DEPTH, VIEWED
from opendr_perception.tasks.imaging.file import BadImageFile, decode
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.imaging.message import COMPRESSED, LONGEST, RAW, BadImage, deserialize

TYPES = get_typestore(Stores.ROS2_JAZZY)
LIMIT = 5.0
"""s, of one image on a machine that is busy; 5.6 s and 3.7 GB was the cost of 218 bytes."""

MEMORY = 900_000
"""KiB more than before: 67 million pixels of 16 bits take 400 MB, twice while they are scaled."""

SMOOTH = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8), (0, 0), 3)
FILES = [
    bytes(cv2.imencode(suffix, pixels, options)[1])
    for suffix, pixels, options in [
        (".jpg", SMOOTH, []),
        (".jpg", SMOOTH, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".png", SMOOTH, []),
        (".png", SMOOTH[..., 0].astype(np.uint16) * 100, []),
        (".bmp", SMOOTH, []),
        (".webp", SMOOTH, []),
        (".webp", SMOOTH, [cv2.IMWRITE_WEBP_QUALITY, 101]),
        (".tiff", SMOOTH, []),
    ]
]
ENCODINGS = sorted({*VIEWED, *_DEEP, *_PLANAR, *CONVERTED, *DEPTH, "8SC3", "", "jpeg"})

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""Of each property. The default ones are always the same; asked for more, they are new ones."""

budget = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
)


@pytest.fixture(scope="module", autouse=True)
def bounded_memory() -> Any:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@some.composite
def damaged(draw: Any, good: Any) -> bytes:
    """Bytes that are good but for a few, most of them at the begin, and sometimes for a part that is missing."""
    data = bytearray(draw(good))
    for _ in range(draw(some.integers(0, 8))):
        most = len(data) - 1 if draw(some.booleans()) else min(len(data) - 1, 200)
        data[draw(some.integers(0, most))] = draw(some.sampled_from([0, 1, 127, 128, 255]) | some.integers(0, 255))
    if draw(some.booleans()):
        start = draw(some.integers(0, len(data)))
        del data[start : start + draw(some.integers(0, len(data)))]
    return bytes(data)


@some.composite
def raw_messages(draw: Any) -> bytes:
    """Serialised images, most of them with a size that fits the data."""
    encoding = draw(some.sampled_from(ENCODINGS))
    height, width = draw(some.integers(0, 20)), draw(some.integers(0, 20))
    step = width * draw(some.sampled_from([1, 2, 3, 4, 6, 8, 12, 24])) + draw(some.sampled_from([0, 0, 1, 4]))
    size = draw(some.sampled_from([height * step, height * step * 3 // 2, 3 * height * step]) | some.integers(0, 500))
    seed = draw(some.integers(0, 99))
    header = TYPES.types["std_msgs/msg/Header"](TYPES.types["builtin_interfaces/msg/Time"](1, 2), "eye")
    data = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    odd = draw(some.sampled_from([0, 0, 0, 1, 2**31, 2**32 - 1]))
    message = TYPES.types[RAW](header, odd or height, width, encoding, draw(some.integers(0, 1)), step, data)
    return bytes(TYPES.serialize_cdr(message, RAW))


@some.composite
def compressed_messages(draw: Any) -> bytes:
    header = TYPES.types["std_msgs/msg/Header"](TYPES.types["builtin_interfaces/msg/Time"](1, 2), "eye")
    text = draw(some.sampled_from(["jpeg", "", "mono16; png compressed", "16UC1; compressedDepth png"]))
    data = np.frombuffer(draw(damaged(some.sampled_from(FILES))), np.uint8)
    return bytes(TYPES.serialize_cdr(TYPES.types[COMPRESSED](header, text, data), COMPRESSED))


def check(read: Callable[[], Image], error: type[ValueError]) -> None:
    """An image whose pixels can be read, or the one error in one line, in time."""
    begun = time.monotonic()
    try:
        image = read()
    except error as problem:
        assert str(problem)
        assert str(problem).isprintable()
        assert len(str(problem)) <= LONGEST
    else:
        assert image.pixels.dtype == np.uint8
        assert image.pixels.size
        if image.pixels.size < 1 << 20:  # memory that nobody wrote would not be the same twice
            leftover = np.full(image.pixels.shape, 0xA5, np.uint8)
            del leftover
            np.testing.assert_array_equal(read().pixels, image.pixels)
    assert time.monotonic() - begun < LIMIT


@budget
@given(data=some.binary(max_size=300) | damaged(some.sampled_from(FILES)))
def test_any_bytes_are_an_image_or_one_error(data: bytes) -> None:
    check(lambda: decode(data), BadImageFile)


@budget
@given(data=some.binary(max_size=300) | raw_messages() | damaged(raw_messages()))
def test_any_raw_message_is_an_image_or_one_error(data: bytes) -> None:
    check(lambda: deserialize(data, RAW)[1], BadImage)


@budget
@given(data=some.binary(max_size=300) | compressed_messages() | damaged(compressed_messages()))
def test_any_compressed_message_is_an_image_or_one_error(data: bytes) -> None:
    check(lambda: deserialize(data, COMPRESSED)[1], BadImage)
