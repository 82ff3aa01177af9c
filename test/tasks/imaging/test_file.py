"""Image files: what people have is read, and no bytes cost more than their size or escape as another error."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception.tasks.imaging.file import BadImageFile, read_image

SMOOTH = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8), (0, 0), 3)


def encoded(suffix: str, pixels: np.ndarray = SMOOTH) -> bytes:
    return bytes(cv2.imencode(suffix, pixels)[1])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, end: bytes = chunk(b"IEND", b"")) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + end


def with_wrong_chunk_length() -> bytes:
    """Its pixels claim to have 1.7 gigabytes, which OpenCV allocates."""
    data = bytearray(encoded(".png"))
    data[data.index(b"IDAT") - 4] = 0x68
    return bytes(data)


def with_many_scans() -> bytes:
    """A progressive JPEG of 64 megapixels with a thousand empty scans."""
    data = bytearray(encoded(".jpg"))
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", 8000, 8000)
    return bytes(data).replace(b"\xff\xd9", b"\xff\xda" * 1000 + b"\xff\xd9")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_what_people_have_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix))
    for source in (path, str(path), path.read_bytes()):
        image = read_image(source)
        assert (image.encoding, image.note) == ("bgr8", "")
        np.testing.assert_allclose(image.pixels.astype(int), SMOOTH, atol=12)


def test_a_png_is_read_without_its_extras() -> None:
    data = encoded(".png")
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20)))
    np.testing.assert_array_equal(read_image(data[:33] + text + data[33:]).pixels, SMOOTH)


def test_a_phone_photo_is_turned_as_it_was_held() -> None:
    data = encoded(".jpg")
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    np.testing.assert_array_equal(
        read_image(turned).pixels, cv2.rotate(read_image(data).pixels, cv2.ROTATE_90_CLOCKWISE)
    )


def test_an_image_of_12_bits_in_16_is_as_bright_as_it_was() -> None:
    image = read_image(encoded(".png", SMOOTH.astype(np.uint16) * 16))
    np.testing.assert_allclose(image.pixels.astype(int), SMOOTH, atol=2)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (b"no image", "none of JPEG, PNG, BMP and WebP"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "it is HEIC, which is not read: convert it to JPEG or PNG"),
        (encoded(".gif"), "it is GIF, which is not read"),
        (encoded(".tiff"), "it is TIFF, which is not read"),
        (encoded(".avif"), "it is AVIF, which is not read"),
        (png(40000, 40000), "claims 40000x40000 pixels"),
        (png(20000, 20000), "claims 20000x20000 pixels"),
        (png(2_000_000_000, 1), "claims 2000000000x1 pixels"),
        (png(0, 0), "claims 0x0 pixels"),
        (png(8, 8, end=b""), "cut short"),
        (png(8, 8, chunk(b"tEXt", b"a\0b") * 100_000), "more than 100000 PNG chunks"),
        (png(8, 8), "its PNG data are damaged"),
        (with_wrong_chunk_length(), "the length of one of its PNG chunks is wrong"),
        (with_many_scans(), "would take too long"),
        *((encoded(suffix)[:-100], "cut short|damaged") for suffix in (".jpg", ".png", ".bmp", ".webp")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_image_is_told_in_one_line_with_the_file(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadImageFile, match=problem) as error:
        read_image(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"


def test_what_is_no_plain_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "huge.png").touch()
    os.truncate(tmp_path / "huge.png", 1 << 40)
    problems = {
        "pipe.png": "not a plain file",
        "zero.png": "not a plain file",
        "folder.png": "a directory: name the files in it",
        "huge.png": "more than an image may have",
        "missing.png": "No such file",
        "a\0b.png": "null (byte|character)",
    }
    for name, problem in problems.items():
        with pytest.raises(BadImageFile, match=problem):
            read_image(tmp_path / name)


def test_a_name_that_is_not_utf8_is_read_and_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(encoded(".png"))
    assert read_image(path).width == 64
    path.write_bytes(b"no image")
    with pytest.raises(BadImageFile, match=r"caf\\xe9\.png") as error:
        read_image(path)
    str(error.value).encode()


def test_the_largest_image_can_be_chosen() -> None:
    with pytest.raises(BadImageFile, match="64x48 pixels; 1 to 32766 a side and 3071 in all are taken"):
        read_image(encoded(".png"), max_pixels=64 * 48 - 1)
    assert read_image(encoded(".png"), max_pixels=64 * 48).width == 64


def test_a_few_hundred_bytes_cost_neither_seconds_nor_gigabytes() -> None:
    program = (
        "import resource, sys; from opendr_perception.tasks.imaging.file import BadImageFile, read_image\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "try: read_image(sys.stdin.buffer.read())\n"
        "except BadImageFile as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=with_wrong_chunk_length(), capture_output=True, timeout=60, check=True
    )
    assert b"wrong" in done.stdout
