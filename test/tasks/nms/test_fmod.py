"""The Frame Moments Descriptor: its numbers against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms.fmod import NUMBERS, Fmod, describe, edge_map


def test_edges_are_where_brightness_jumps() -> None:
    pixels = np.zeros((100, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    edges, scale = edge_map(pixels)
    assert scale == 1
    assert set(np.flatnonzero(edges.any(axis=0))) <= {38, 39, 40, 41}
    assert edges[:, 39:41].all()
    assert not edge_map(np.full((50, 50, 3), 77, np.uint8))[0].any()


@pytest.mark.parametrize("size", [(1, 1), (4320, 7680), (900, 30)])
def test_large_images_are_reduced(size: tuple[int, int]) -> None:
    edges, scale = edge_map(np.zeros((*size, 3), np.uint8))
    assert max(edges.shape) <= 600
    assert scale == min(1.0, 600 / max(size))


def test_moments_of_a_box_by_definition() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (160, 160, 3), np.uint8)
    image = Image(pixels, "bgr8")
    edges, _ = edge_map(pixels)
    found = describe(image, np.array([[0, 0, 160, 160]], np.float32))
    assert found.shape == (1, NUMBERS)
    # Each sample of the box that is the image lies on the centre of a pixel; the first 15 numbers are of all of it.
    for place, signal in enumerate((edges.mean(axis=1), edges.mean(axis=0), edges.ravel())):
        z = (signal - signal.mean()) / signal.std(ddof=1)
        expected = [signal.mean(), signal.std(ddof=1), (z**3).mean(), (z**4).mean() - 3, (signal**2).mean()]
        np.testing.assert_allclose(found[0, 5 * place : 5 * place + 5], expected, rtol=1e-3, atol=1e-5)
    # The last 15 numbers are of the last sixteenth.
    corner = edges[120:, 120:]
    np.testing.assert_allclose(found[0, -5], corner.mean(), rtol=1e-4)


def test_a_box_without_edges_is_zeros_but_for_the_kurtosis_and_numbers_are_bounded() -> None:
    image = Image(np.full((60, 60, 3), 9, np.uint8), "bgr8")
    raw = describe(image, np.array([[5, 5, 50, 50]], np.float32)).reshape(-1, 5)
    np.testing.assert_array_equal(raw[:, [0, 1, 2, 4]], 0)
    np.testing.assert_array_equal(raw[:, 3], -3)
    descriptor = Fmod(np.zeros(NUMBERS), np.full(NUMBERS, 1e-3))
    assert np.abs(descriptor(image, np.array([[5, 5, 50, 50]]))).max() <= 50
    assert descriptor(image, np.empty((0, 4))).shape == (0, NUMBERS)


def test_many_boxes_are_described_as_each_alone() -> None:
    rng = np.random.default_rng(1)
    image = Image(rng.integers(0, 255, (90, 120, 3), np.uint8), "bgr8")
    low = rng.uniform(0, 60, (19, 2))
    boxes = np.concatenate([low, low + rng.uniform(5, 30, (19, 2))], axis=1)
    alone = np.concatenate([describe(image, box[None]) for box in boxes])
    np.testing.assert_allclose(describe(image, boxes), alone, atol=1e-5)
