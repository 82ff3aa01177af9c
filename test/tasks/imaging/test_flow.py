"""Sparse optical flow: points go where the pixels go, and those that are lost say so."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from opendr_perception.tasks.imaging import Grey, Image

RNG = np.random.default_rng(0)
SCENE = cv2.GaussianBlur(RNG.integers(0, 255, (300, 400, 3)).astype(np.uint8), (7, 7), 0)
POINTS = np.array([[100, 80], [200.5, 150.25], [300, 220]], np.float32)


def moved(across: float, down: float, scene: np.ndarray = SCENE) -> np.ndarray:
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float64)
    return np.asarray(cv2.warpAffine(scene, matrix, (scene.shape[1], scene.shape[0])))


@pytest.mark.parametrize("encoding", ["bgr8", "mono8"])
def test_points_go_where_the_pixels_go(encoding: str) -> None:
    pixels = [SCENE, moved(6.5, -4.25)]
    if encoding == "mono8":
        pixels = [np.ascontiguousarray(each[..., 1]) for each in pixels]
    before, after = (Grey.of(Image(each, encoding)) for each in pixels)
    ends, found = before.follow(POINTS, after)
    assert found.all()
    np.testing.assert_allclose(ends, POINTS + np.float32([6.5, -4.25]), atol=0.3)


def test_large_images_are_reduced_and_points_stay_in_their_pixels() -> None:
    large = [np.asarray(cv2.resize(each, (1600, 1200))) for each in (SCENE, moved(3, 2))]
    before, after = (Grey.of(Image(each, "bgr8")) for each in large)
    assert before.pixels.shape == (600, 800)
    ends, found = before.follow(4 * POINTS, after)
    assert found.all()
    np.testing.assert_allclose(ends, 4 * POINTS + np.float32([12, 8]), atol=1.5)


def test_what_is_lost_stays_where_it_was() -> None:
    before, after = Grey.of(Image(SCENE, "bgr8")), Grey.of(Image(np.zeros_like(SCENE), "bgr8"))
    ends, found = before.follow(POINTS, after)
    assert not found.any()
    np.testing.assert_array_equal(ends, POINTS)
    ends, found = before.follow(np.empty((0, 4, 2), np.float32), after)
    assert (ends.shape, found.shape) == ((0, 4, 2), (0, 4))


def test_a_later_change_of_the_camera_s_buffer_does_no_harm() -> None:
    buffer = np.ascontiguousarray(SCENE[..., 1])
    before = Grey.of(Image(buffer, "mono8"))
    buffer[:] = 0
    ends, found = before.follow(POINTS, Grey.of(Image(np.ascontiguousarray(moved(5, 0)[..., 1]), "mono8")))
    assert found.all()
    np.testing.assert_allclose(ends, POINTS + np.float32([5, 0]), atol=0.3)
