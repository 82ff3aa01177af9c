"""Image messages to images and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.ros.convert import images
from opendr_perception.tasks.imaging.encodings import CONVERTED, by_rosbags
from opendr_perception.tasks.imaging.image import CHANNELS
from opendr_perception.tasks.imaging.message import BadImage


def header() -> Header:
    made = Header(frame_id="eye")
    made.stamp.sec, made.stamp.nanosec = 12, 34
    return made


@pytest.mark.parametrize("encoding", CHANNELS)
def test_a_message_becomes_the_image_that_it_was_made_of(encoding: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, CHANNELS[encoding]), np.uint8)
    message = images.to_message(pixels, header(), encoding)
    assert (message.height, message.width, message.step) == (5, 7, 7 * CHANNELS[encoding])
    found, image = images.decode(serialize_message(message), "raw")
    assert found == header()
    assert image.encoding == encoding
    np.testing.assert_array_equal(image.pixels, pixels)


def test_a_view_with_padded_rows_is_written_without_its_padding() -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 15)[:, :9].reshape(4, 3, 3)
    _, image = images.decode(serialize_message(images.to_message(pixels, header())), "raw")
    np.testing.assert_array_equal(image.pixels, pixels)


def test_pixels_stay_where_they_arrived() -> None:
    data = serialize_message(images.to_message(np.zeros((5, 7, 3), np.uint8), header()))
    _, image = images.decode(data, "raw")
    assert np.shares_memory(image.pixels, np.frombuffer(data, np.uint8))


def test_a_png_is_decoded() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    message = CompressedImage(header=header(), format="png", data=data)
    found, image = images.decode(serialize_message(message), "compressed")
    assert found == header()
    np.testing.assert_array_equal(image.pixels, pixels)


def test_whatever_is_no_image_is_told_in_one_line() -> None:
    good = serialize_message(images.to_message(np.zeros((5, 7, 3), np.uint8), header()))
    noise = np.random.default_rng(2)
    broken = [good[:length] for length in range(len(good))]
    broken += [noise.integers(0, 256, 200, np.uint8).tobytes() for _ in range(200)]
    early = images.to_message(np.zeros((5, 7, 3), np.uint8), header())
    early.header.stamp.sec = -1
    broken += [serialize_message(ImageMessage()), serialize_message(early)]
    for data in broken:
        for transport in images.TRANSPORTS:
            with pytest.raises(BadImage, match=r"\A.+\Z"):
                images.decode(data, transport)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Choose the converter anew, and forget it afterwards."""
    images.converter.cache_clear()
    yield
    images.converter.cache_clear()


def test_without_cv_bridge_rosbags_converts(fresh: None) -> None:
    try:
        import cv_bridge  # noqa: F401
    except ImportError:
        assert images.converter() is by_rosbags


@pytest.mark.parametrize(
    "program",
    [
        "raise AttributeError('_ARRAY_API not found')",
        "class CvBridge:\n    def imgmsg_to_cv2(self, message, encoding): raise ImportError('numpy.core')",
    ],
)
def test_a_cv_bridge_that_was_built_for_another_numpy_is_not_used(
    fresh: None, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cv_bridge.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cv_bridge", raising=False)
    assert images.converter() is by_rosbags


@pytest.mark.parametrize("encoding", sorted(CONVERTED))
def test_cv_bridge_and_rosbags_agree(fresh: None, encoding: str) -> None:
    pytest.importorskip("cv_bridge", reason="cv_bridge is not installed", exc_type=ImportError)
    pixel = 2 if "yuv" in encoding or "yuy" in encoding or encoding == "uyvy" else 1
    data = np.full(48 * 64 * pixel, 140, np.uint8)
    message = SimpleNamespace(encoding=encoding, height=48, width=64, step=64 * pixel, is_bigendian=0, data=data)
    np.testing.assert_allclose(images.converter()(message).astype(int), by_rosbags(message), atol=2)


def test_a_decoder_writes_no_lines_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    half = cv2.imencode(".bmp", np.zeros((48, 64, 3), np.uint8))[1].tobytes()[:60]
    message = CompressedImage(format="bmp", data=half)
    with pytest.raises(BadImage):
        images.decode(serialize_message(message), "compressed")
    assert capfd.readouterr().err == ""
