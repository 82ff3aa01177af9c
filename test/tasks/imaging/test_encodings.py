"""The encodings that cameras send become the image that they show, and wrong sizes are told in words."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from opendr_perception.tasks.imaging.encodings import CONVERTED, DEPTH, to_image
from opendr_perception.tasks.imaging.image import to_bgr

HEIGHT, WIDTH = 48, 64
BGR = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 6)
BGR = cv2.normalize(BGR, None, 20, 235, cv2.NORM_MINMAX)


@dataclass(frozen=True)
class Message:
    """Has the fields of sensor_msgs/Image."""

    encoding: str
    height: int
    width: int
    step: int
    data: np.ndarray
    is_bigendian: int = 0


def message(encoding: str, rows: np.ndarray, padding: int = 0) -> Message:
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    return Message(encoding, HEIGHT, WIDTH, rows.shape[1], rows.ravel())


def planes(padding: int = 0) -> dict[str, np.ndarray]:
    """The rows of brightness, and those of the colours, of each planar encoding; padded rows for all planes."""
    i420 = cv2.cvtColor(BGR, cv2.COLOR_BGR2YUV_I420)
    y = np.pad(i420[:HEIGHT], ((0, 0), (0, padding)), constant_values=99)
    quarter = (HEIGHT // 2, WIDTH // 2)
    u, v = i420[HEIGHT : HEIGHT + HEIGHT // 4].reshape(quarter), i420[HEIGHT + HEIGHT // 4 :].reshape(quarter)

    def stacked(*colours: np.ndarray) -> np.ndarray:
        return np.vstack([y, *(c.reshape(-1, WIDTH + padding) for c in colours)])

    def wide(plane: np.ndarray, columns: int) -> np.ndarray:
        return np.pad(plane, ((0, 0), (0, columns - plane.shape[1])), constant_values=99)

    half, whole = (WIDTH + padding) // 2, WIDTH + padding
    uv, vu = (np.dstack(pair).reshape(HEIGHT // 2, WIDTH) for pair in ((u, v), (v, u)))
    full = np.dstack([cv2.resize(c, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST) for c in (u, v)])
    i420_rows, yv12_rows = stacked(wide(u, half), wide(v, half)), stacked(wide(v, half), wide(u, half))
    return {
        "nv12": stacked(wide(uv, whole)),
        "nv21": stacked(wide(vu, whole)),
        "nv24": stacked(wide(full.reshape(HEIGHT, 2 * WIDTH), 2 * whole)),
        "yuv420": i420_rows,
        "I420": i420_rows,
        "YU12": i420_rows,
        "yv12": yv12_rows,
    }


@pytest.mark.parametrize("padding", [0, 8])
@pytest.mark.parametrize("encoding", planes())
def test_planar_yuv_is_read(encoding: str, padding: int) -> None:
    rows = planes(padding)[encoding]
    image = to_image(Message(encoding, HEIGHT, WIDTH, WIDTH + padding, rows.ravel()))
    assert image.encoding == "bgr8"
    difference = np.abs(image.pixels.astype(int) - BGR)
    assert difference.mean() < 4, "colours have half of the resolution"


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("8UC1", BGR[..., :1]),
        ("8UC3", BGR),
        ("8UC4", cv2.cvtColor(BGR, cv2.COLOR_BGR2BGRA)),
        ("rgb8", BGR[..., ::-1]),
        ("rgba8", cv2.cvtColor(BGR, cv2.COLOR_BGR2RGBA)),
    ],
)
def test_plain_encodings_are_views_with_the_right_colours(encoding: str, pixels: np.ndarray) -> None:
    made = message(encoding, np.ascontiguousarray(pixels).reshape(HEIGHT, -1), 5)
    image = to_image(made)
    assert np.shares_memory(image.pixels, made.data)
    wanted = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else BGR
    np.testing.assert_array_equal(to_bgr(image), wanted)


@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize(
    ("encoding", "kind", "white"),
    [
        ("mono16", "u2", 1023),
        ("bgr16", "u2", 4095),
        ("rgb16", "u2", 65535),
        ("rgba16", "u2", 65535),
        ("16UC3", "u2", 4095),
        ("32FC3", "f4", 1),
        ("32FC3", "f4", 255),
        ("64FC3", "f8", 1),
    ],
)
def test_more_than_8_bits_are_as_bright_as_they_were(encoding: str, kind: str, white: float, big: int) -> None:
    shown = {"mono16": BGR[..., :1], "rgb16": BGR[..., ::-1], "rgba16": cv2.cvtColor(BGR, cv2.COLOR_BGR2RGBA)}
    pixels = shown.get(encoding, BGR) * (white / 255)
    numbers = np.ascontiguousarray(pixels, (">" if big else "<") + kind).reshape(HEIGHT, -1)
    made = message(encoding, numbers.view(np.uint8), 6)
    image = to_image(Message(**{**vars(made), "is_bigendian": big}))
    wanted = np.repeat(BGR[..., :1], 3, axis=2) if encoding == "mono16" else BGR
    np.testing.assert_allclose(to_bgr(image).astype(int), wanted, atol=1)
    assert image.note == ""


@pytest.mark.parametrize("encoding", sorted(DEPTH))
def test_depth_is_named_and_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match=f"{encoding} is depth"):
        to_image(message(encoding, np.zeros((HEIGHT, WIDTH * 8), np.uint8)))


@pytest.mark.parametrize("encoding", [*planes(), *sorted(CONVERTED), "mono16", "bgr16", "32FC3", "8UC4"])
@pytest.mark.parametrize(
    ("height", "width", "step", "size"),
    [
        (48, 64, 1536, 1000),
        (48, 64, 10, 1 << 20),
        (47, 64, 1536, 47 * 1536),
        (48, 64, 1537, 48 * 1537),
        (0, 64, 1536, 1 << 20),
        (48, 0, 1536, 1 << 20),
        (2**32 - 1, 64, 1536, 1 << 20),
        (48, 40000, 2**32 - 1, 1 << 20),
    ],
)
def test_wrong_sizes_are_told_in_words_of_ours(encoding: str, height: int, width: int, step: int, size: int) -> None:
    data = np.zeros(size, np.uint8)
    try:
        image = to_image(Message(encoding, height, width, step, data))
    except ValueError as error:
        assert "OpenCV" not in str(error)
        assert any(word in str(error) for word in ("truncated", "step", "even", "pixels a side"))
    else:
        assert (image.height, image.width) == (height, width)
        assert size >= height * step
