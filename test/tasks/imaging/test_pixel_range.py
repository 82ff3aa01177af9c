"""More than 8 bits: brightness as the sensor meant it, thermal images visible, and no flicker."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.imaging.pixel_range import PixelRange

SCENE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint16)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_the_bits_of_the_sensor_are_found(bits: int) -> None:
    pixels = (SCENE.astype(np.float64) * ((2**bits - 1) / 255)).astype(np.uint16)
    scaled, note = PixelRange().to_8bit(pixels)
    np.testing.assert_allclose(scaled.astype(int), SCENE, atol=1)
    assert note == ""


@pytest.mark.parametrize("white", [1.0, 255.0])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_real_numbers_to_one_or_to_255_are_brightness(white: float, kind: type) -> None:
    scaled, note = PixelRange().to_8bit((SCENE * (white / 255)).astype(kind))
    np.testing.assert_allclose(scaled.astype(int), SCENE, atol=1)
    assert note == ""


def test_a_thermal_image_is_stretched_to_black_and_white() -> None:
    thermal = (27000 + SCENE[..., 0] * 12).astype(np.uint16)
    scaled, note = PixelRange().to_8bit(thermal)
    np.testing.assert_allclose(scaled.astype(int), SCENE[..., 0], atol=2)
    assert note == ""


def test_hot_and_dead_pixels_do_not_count() -> None:
    pixels = SCENE * 4
    pixels[5, 5] = 65535
    np.testing.assert_allclose(PixelRange().to_8bit(pixels)[0][10:].astype(int), SCENE[10:], atol=1)


def test_brightness_does_not_flicker_when_a_bright_thing_comes_and_goes() -> None:
    tone = PixelRange()
    dark = (SCENE // 8 * 16).astype(np.uint16)  # of 12 bits, and none above 9
    bright = dark.copy()
    bright[:20] = 4000
    tone.to_8bit(bright)
    means = [tone.to_8bit(dark if k % 2 else bright)[0][20:].mean() for k in range(20)]
    assert max(means) - min(means) < 1


def test_the_range_of_a_thermal_stream_changes_slowly() -> None:
    tone = PixelRange()
    wall = np.random.default_rng(1).normal(29000, 300, (60, 80)).clip(20000, 40000)
    person = wall.copy()
    person[10:30, 10:30] = 31500
    tone.to_8bit(person.astype(np.uint16))
    means = [tone.to_8bit(wall.astype(np.uint16))[0].mean() for _ in range(50)]
    assert np.abs(np.diff(means)).max() < 5


@pytest.mark.parametrize(
    "pixels", [np.zeros((9, 9), np.uint16), np.full((9, 9), 41120, np.uint16), np.full((9, 9), 0.5)]
)
def test_a_range_that_is_nearly_empty_is_told(pixels: np.ndarray) -> None:
    scaled, note = PixelRange().to_8bit(pixels)
    assert "nothing can be seen" in note
    assert abs(int(scaled[0, 0]) - round(float(pixels[0, 0]) / (65535 if pixels[0, 0] > 1 else 1) * 255)) <= 1


def test_numbers_that_are_none_are_black() -> None:
    pixels = SCENE[..., 0] / 255
    pixels[0, :4] = np.nan, -np.inf, np.inf, 0.5
    assert PixelRange().to_8bit(pixels)[0][0, :4].tolist() == [0, 0, 255, 128]


@pytest.mark.parametrize("pixels", [np.full((4, 4), np.nan), np.full((4, 4), 1e300), np.zeros((4, 4), np.int32)])
def test_what_are_no_grey_levels_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pixel"):
        PixelRange().to_8bit(pixels)
