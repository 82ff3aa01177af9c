"""Dark images are told from others, and people in them are found as they are lit."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks import people
from opendr_perception.tasks.imaging import Image, is_dark, lit
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.build import InLight


@pytest.mark.parametrize("encoding", ["mono8", "bgr8", "rgb8", "bgra8", "rgba8"])
def test_contrast_grows_and_the_size_stays(encoding: str) -> None:
    shape = (48, 64) if encoding == "mono8" else (48, 64, 4 if encoding.endswith("a8") else 3)
    pixels = np.random.default_rng(0).integers(0, 24, shape, np.uint8)
    pixels.flags.writeable = False
    image = Image(pixels, encoding, "a note")
    shown = lit(image)
    assert (shown.height, shown.width, shown.note) == (48, 64, "a note")
    assert shown.encoding == ("mono8" if encoding == "mono8" else "bgr8")
    assert shown.pixels.std() > 1.2 * pixels[..., :3].std()
    assert is_dark(image, 20) and not is_dark(image, 5)


def test_colours_keep_their_order() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[8:24, 8:24, 0] = 60
    shown = lit(Image(red, "rgb8")).pixels[16, 16]
    assert shown[2] > shown[0] and shown[2] > shown[1], "blue, green, red"


def test_only_dark_images_are_lit() -> None:
    seen: list[Image] = []

    def find(images: object) -> list[Detections]:
        seen.extend(images)  # type: ignore[arg-type]
        return [Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32)) for _ in seen]

    dark, bright = (Image(np.full((32, 32, 3), level, np.uint8), "bgr8") for level in (10, 90))
    InLight(find, 20.0)([dark, bright])
    assert seen[0] is not dark and seen[1] is bright


def test_a_perceiver_takes_the_setting_while_it_runs(models: object) -> None:
    perceiver = people.build(people.Settings(threads=1, tracking=False))
    assert perceiver.finder.find is perceiver.finder.detector
    perceiver.apply(people.Settings(threads=1, tracking=False, low_light=20.0))
    perceiver(np.zeros((32, 32, 3), np.uint8))  # from the next image on
    assert isinstance(perceiver.finder.find, InLight)
