"""The model of a camera: what it sees, and which calibrations are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.imaging.camera import PinholeCamera

K = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
LENS = (-0.25, 0.08, 0.001, -0.0005, 0.0)


def test_a_point_in_space_is_seen_where_its_ray_goes() -> None:
    camera = PinholeCamera.from_info(K, [], 640, 480)
    np.testing.assert_allclose(camera.project([0.4, -0.2, 2.0]), [420, 189])
    np.testing.assert_allclose(camera.rays([420, 189]), [0.2, -0.1, 1.0])
    assert camera.bearing(420) == pytest.approx(math.atan2(-0.2, 1))
    assert camera.project(np.zeros((0, 3))).shape == (0, 2)


@given(st.floats(20, 620), st.floats(20, 460), st.sampled_from([(), LENS]))
def test_every_pixel_comes_back_whatever_the_lens(column: float, row: float, lens: tuple[float, ...]) -> None:
    camera = PinholeCamera.from_info(K, lens, 640, 480, "plumb_bob")
    np.testing.assert_allclose(camera.project(camera.rays([column, row])), [column, row], atol=0.5)


@given(st.floats(0.05, 4.0), st.floats(-0.5, 0.5), st.floats(-0.4, 0.4))
def test_a_resized_image_sees_the_same(scale: float, x: float, y: float) -> None:
    camera = PinholeCamera.from_info(K, LENS, 640, 480)
    width = max(round(640 * scale / 4) * 4, 64)
    resized = camera.scaled_to(width, width * 3 // 4)
    np.testing.assert_allclose(resized.project([x, y, 1.0]), camera.project([x, y, 1.0]) * width / 640, atol=0.01)


@pytest.mark.parametrize("size", [(1280, 720), (640, 400), (0, 0), (640, 0)])
def test_an_image_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="another shape"):
        PinholeCamera.from_info(K, [], 640, 480).scaled_to(*size)


@pytest.mark.parametrize("focal", [-3.0, 0.0, 1.0, 20.0, 9000.0, 1e9, math.nan, math.inf])
def test_a_focal_length_that_no_camera_has_is_refused(focal: float) -> None:
    with pytest.raises(ValueError, match=r"not calibrated|finite"):
        PinholeCamera.from_info([focal, *K[1:4], focal, *K[5:]], [], 640, 480)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": [0.0] * 9}, "all zero"),
        ({"width": 0}, "0x480"),
        ({"k": [500.0, 0.0, 900.0, *K[3:]]}, "outside of the image"),
        ({"d": [0.1] * 3}, "coefficients"),
        ({"d": [math.nan] * 5}, "coefficients"),
        ({"model": "equidistant"}, "distortion model"),
    ],
)
def test_what_is_no_calibration_is_refused(changes: dict[str, object], message: str) -> None:
    values: dict[str, object] = {"k": K, "d": [], "width": 640, "height": 480, "model": "plumb_bob", **changes}
    with pytest.raises(ValueError, match=message):
        PinholeCamera.from_info(**values)  # type: ignore[arg-type]


def test_a_part_of_an_image_has_its_axis_elsewhere() -> None:
    part = PinholeCamera.from_info(K, [], 640, 480).cut_to(100, 40, 400, 300)
    np.testing.assert_allclose(part.project([0.0, 0.0, 1.0]), [220, 200])
    with pytest.raises(ValueError, match="a part of"):
        part.cut_to(10, 0, 400, 300)


def test_a_pixel_beyond_what_the_lens_was_measured_for_has_no_direction() -> None:
    fish = PinholeCamera.from_info(K, [-0.6, 0.05, 0.0, 0.0, 0.0], 640, 480)
    with pytest.raises(ValueError, match="so far from its axis"):
        fish.rays([5000.0, 240.0])
    with pytest.raises(ValueError, match="finite"):
        fish.rays([math.nan, 240.0])
