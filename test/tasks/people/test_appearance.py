"""The colours of people."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.imaging.image import CHANNELS, Image
from opendr_perception.tasks.people.appearance import looks

BOXES = np.array([[10, 10, 50, 110], [110, 10, 150, 110], [200, 10, 240, 110]], float)


def clothes() -> np.ndarray:
    """(120, 260, 3): people in red over blue, in blue over red, and again in red over blue, a little darker."""
    pixels = np.full((120, 260, 3), 128, np.uint8)
    red, blue, dark_red, dark_blue = (0, 0, 200), (200, 0, 0), (0, 0, 195), (195, 0, 0)
    for left, upper, lower in ((10, red, blue), (110, blue, red), (200, dark_red, dark_blue)):
        pixels[10:60, left : left + 40], pixels[60:110, left : left + 40] = upper, lower
    return pixels


def test_people_are_like_themselves_and_unlike_those_in_other_clothes() -> None:
    seen = looks(Image(clothes(), "bgr8"), BOXES)
    likeness = seen @ seen.T
    np.testing.assert_allclose(np.diag(likeness), 1, rtol=1e-5)
    assert likeness[0, 2] > 0.9, "the same clothes"
    assert likeness[0, 1] < 0.2, "what is above and what is below counts"


@pytest.mark.parametrize("encoding", CHANNELS)
def test_all_encodings_are_seen(encoding: str) -> None:
    channels = CHANNELS[encoding]
    pixels = np.random.default_rng(0).integers(0, 256, (120, 260, channels), np.uint8)
    np.testing.assert_allclose(np.linalg.norm(looks(Image(pixels, encoding), BOXES), axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (259, 119, 260, 120), (-20, -20, 400, 400), (10, 10, 11, 110)])
def test_boxes_of_any_size_are_seen(box: tuple[float, ...]) -> None:
    assert np.isfinite(looks(Image(clothes(), "bgr8"), np.array([box], float))).all()


def test_nobody_looks_like_nobody() -> None:
    assert looks(Image(clothes(), "bgr8"), np.empty((0, 4))).shape == (0, 256)
