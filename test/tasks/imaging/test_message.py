"""Images from the bytes of image messages, without a ROS installation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.imaging.image import CHANNELS
from opendr_perception.tasks.imaging.message import COMPRESSED, RAW, BadImage, deserialize
from opendr_perception.tasks.imaging.pixel_range import PixelRanges

TYPES = get_typestore(Stores.ROS2_JAZZY)


def header() -> Any:
    stamp = TYPES.types["builtin_interfaces/msg/Time"](sec=7, nanosec=8)
    return TYPES.types["std_msgs/msg/Header"](stamp=stamp, frame_id="eye")


def serialize(pixels: npt.NDArray[Any], encoding: str, **changes: Any) -> bytes:
    rows = np.ascontiguousarray(pixels).reshape(len(pixels), -1).view(np.uint8)
    fields = {
        "header": header(), "height": pixels.shape[0], "width": pixels.shape[1], "encoding": encoding,
        "is_bigendian": 0, "step": rows.shape[1], "data": rows.ravel(),
    }  # fmt: skip
    return bytes(TYPES.serialize_cdr(TYPES.types[RAW](**{**fields, **changes}), RAW))


def noise(*shape: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("encoding", CHANNELS)
@pytest.mark.parametrize("container", [bytes, bytearray, memoryview])
def test_common_encodings_are_views_on_the_bytes(encoding: str, container: Any) -> None:
    pixels = noise(5, 7, CHANNELS[encoding])
    data = container(serialize(pixels, encoding))
    found, image = deserialize(data, RAW)
    assert (found.stamp.sec, found.stamp.nanosec, found.frame_id) == (7, 8, "eye")
    assert image.encoding == encoding
    np.testing.assert_array_equal(image.pixels, pixels)
    assert np.shares_memory(image.pixels, np.frombuffer(data, np.uint8))


def test_bayer_images_become_bgr() -> None:
    bgr = np.full((4, 6, 3), (200, 30, 90), np.uint8)
    bayer = np.empty((4, 6), np.uint8)
    bayer[::2, ::2], bayer[::2, 1::2], bayer[1::2, ::2], bayer[1::2, 1::2] = 90, 30, 30, 200
    for data, encoding in ((bayer, "bayer_rggb8"), (bayer.astype(np.uint16) * 257, "bayer_rggb16")):
        _, image = deserialize(serialize(data, encoding), RAW)
        np.testing.assert_allclose(image.pixels.astype(int), bgr, atol=1)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_compressed_images_become_bgr(suffix: str) -> None:
    pixels = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    data = cv2.imencode(suffix, pixels)[1].ravel()
    kind = TYPES.types[COMPRESSED]
    message = TYPES.serialize_cdr(kind(header=header(), format="whatever", data=data), COMPRESSED)
    found, image = deserialize(bytes(message), COMPRESSED)
    assert found.frame_id == "eye"
    np.testing.assert_allclose(image.pixels.astype(int), pixels, atol=4)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (serialize(noise(5, 7, 3), "bgr8", data=noise(104)), "truncated: 104 bytes instead of 5 rows of 21"),
        (serialize(noise(5, 7, 3), "bgr8", data=noise(0)), "truncated: 0 bytes"),
        (serialize(noise(5, 7, 3), "bgr8", height=0), "not 7x0"),
        (serialize(noise(5, 7, 3), "bgr8", width=0), "not 0x5"),
        (serialize(noise(5, 7, 3), "bgra8"), "more than the step of 21"),
        (serialize(noise(5, 7, 3), "bgr8", height=2**32 - 1), "truncated"),
        (serialize(noise(5, 7, 3), ""), "not supported"),
        (serialize(noise(5, 7, 3), "smell8"), "the encoding 'smell8' is not supported"),
        (serialize(noise(5, 7, 1), "bayer_rggb8", data=noise(3)), "truncated: 3 bytes instead of 5 rows of 7"),
        (serialize(noise(5, 7, 1), "bayer_rggb8", width=0), "not 0x5"),
        (b"", "CDR"),
        (bytes(100), "Invalid string length"),
    ],
)
def test_what_is_no_usable_image_is_told_in_one_line(data: bytes, text: str) -> None:
    with pytest.raises(BadImage, match=text) as error:
        deserialize(data, RAW)
    assert "\n" not in str(error.value)


def compressed(data: bytes, text: str) -> bytes:
    kind = TYPES.types[COMPRESSED]
    message = kind(header=header(), format=text, data=np.frombuffer(data, np.uint8))
    return bytes(TYPES.serialize_cdr(message, COMPRESSED))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff rubbish", bytes(1000)])
def test_undecodable_images_are_refused(data: bytes) -> None:
    with pytest.raises(BadImage, match="it is"):
        deserialize(compressed(data, "jpeg"), COMPRESSED)


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_raw_depth_is_refused(encoding: str) -> None:
    kind = np.uint16 if encoding == "16UC1" else np.float32
    with pytest.raises(BadImage, match=f"{encoding} is depth"):
        deserialize(serialize(np.full((4, 6, 1), 2500, kind), encoding), RAW)


@pytest.mark.parametrize(
    ("prefix", "text"),
    [(b"", "16UC1; png compressed"), (bytes(12), "16UC1; compressedDepth png"), (bytes(12), "; compressedDepth rvl")],
)
def test_compressed_depth_is_refused(prefix: bytes, text: str) -> None:
    data = bytes(cv2.imencode(".png", np.full((50, 50), 2500, np.uint16))[1])
    with pytest.raises(BadImage, match="is depth"):
        deserialize(compressed(prefix + data, text), COMPRESSED)


def test_compressed_images_of_16_bits_keep_their_brightness_in_a_stream() -> None:
    ranges = PixelRanges()
    scene = noise(48, 64).astype(np.uint16)
    for brightness in (16, 2, 16):  # of 12 bits; 2: somebody has switched off the light
        data = bytes(cv2.imencode(".png", scene * brightness)[1])
        _, image = deserialize(compressed(data, "mono16; png compressed"), COMPRESSED, ranges)
        np.testing.assert_allclose(image.pixels[..., 0].astype(int), scene * brightness // 16, atol=1)


def test_the_text_about_a_message_is_short_and_of_one_line() -> None:
    with pytest.raises(BadImage) as error:
        deserialize(serialize(noise(5, 7, 3), "x\x1b[31m\n" * 100_000), RAW)
    assert len(str(error.value)) < 400
    assert str(error.value).isprintable()
