"""Depth images become metres, or one clear line."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from opendr_perception.ros.convert import images
from opendr_perception.ros.people import read_depth

SIZE = (64, 48)


def message(values: np.ndarray, encoding: str) -> Image:
    return images.to_message(values, Header(), encoding)


def test_millimetres_and_metres_are_read() -> None:
    found = read_depth(message(np.array([[0, 1500] * 32] * 48, np.uint16), "16UC1"), SIZE)
    assert found[0, 1] == pytest.approx(1.5)
    assert np.isnan(found[0, 0])
    values = np.full((24, 32), 2.5, np.float32)
    values[0, :3] = np.nan, np.inf, -1.0
    half = read_depth(message(values, "32FC1"), SIZE)
    assert half.shape == (24, 32)
    assert np.isnan(half[0, :3]).all()
    assert half[1, 1] == pytest.approx(2.5)


def test_the_other_order_of_bytes_and_rows_with_gaps_are_read() -> None:
    big = message(np.full((48, 64), 1500, ">u2"), "16UC1")
    big.is_bigendian = 1
    assert np.allclose(read_depth(big, SIZE), 1.5)
    wide = message(np.full((48, 70), 1500, np.uint16), "16UC1")
    wide.width = 64
    assert read_depth(wide, SIZE).shape == (48, 64)


@pytest.mark.parametrize(
    ("values", "encoding", "problem"),
    [
        (np.zeros((48, 64, 3), np.uint8), "bgr8", "16UC1 or 32FC1"),
        (np.zeros((48, 48), np.uint16), "16UC1", "another shape"),
    ],
)
def test_what_is_no_aligned_depth_is_refused(values: np.ndarray, encoding: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_depth(message(values, encoding), SIZE)


def test_a_truncated_image_is_refused() -> None:
    short = message(np.zeros((48, 64), np.uint16), "16UC1")
    short.data = short.data[:-1]
    with pytest.raises(ValueError, match="truncated"):
        read_depth(short, SIZE)
    with pytest.raises(ValueError, match="truncated"):
        read_depth(Image(encoding="16UC1"), SIZE)
