"""Painted occluders: they hide what they say, and move as things do when the robot goes by."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.active.policies.occlusion import NONE, SIDES
from opendr_perception.training.view.occluders import Occluder, draw_occluder, jitter

BOX = np.array([60.0, 40.0, 140.0, 140.0])
WHITE = np.full((200, 200, 3), 255, np.uint8)


def hidden(side: str, coverage: float, shift: float = 0.0) -> np.ndarray:
    """Mask of the pixels of the box that a straight, black occluder hides."""
    thing = Occluder(np.zeros_like(WHITE), SIDES.index(side), coverage, slant=0.0, start=-3.0, end=4.0)
    return np.asarray(thing.paint(WHITE, BOX, shift)[40:140, 60:140, 0] < 128)


@pytest.mark.parametrize("side", [side for side in SIDES if side != SIDES[NONE]])
def test_it_hides_its_share_of_its_side(side: str) -> None:
    seen = hidden(side, 0.4)
    assert seen.mean() == pytest.approx(0.4, abs=0.03)
    rows, columns = seen.mean(axis=1), seen.mean(axis=0)
    first, last = {"top": (rows[0], rows[-1]), "bottom": (rows[-1], rows[0]),
                   "left": (columns[0], columns[-1]), "right": (columns[-1], columns[0])}[side]  # fmt: skip
    assert (first, last) == (1, 0)


def test_it_leaves_towards_its_side() -> None:
    assert hidden("left", 0.4, shift=0.3).mean() == pytest.approx(0.1, abs=0.03)
    assert not hidden("left", 0.4, shift=0.5).any()


def test_none_hides_nothing() -> None:
    assert not hidden(SIDES[NONE], 0.4).any()


def test_what_is_drawn_by_chance_is_the_same_for_the_same_seed_and_within_bounds() -> None:
    for seed in range(20):
        thing, again = (draw_occluder(np.random.default_rng(seed), (60, 60)) for _ in range(2))
        assert (thing.side, thing.coverage) == (again.side, again.coverage)
        assert np.array_equal(thing.texture, again.texture)
        assert 0.2 <= thing.coverage <= 0.6
    assert {draw_occluder(np.random.default_rng(seed), (8, 8)).side for seed in range(60)} == set(range(len(SIDES)))


def test_jitter_keeps_the_image_but_not_its_pixels() -> None:
    image = np.tile(np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None], (64, 1, 3))
    shaken = jitter(np.random.default_rng(0), image)
    assert shaken.shape == image.shape
    assert not np.array_equal(shaken, image)
    assert np.abs(shaken.astype(float) - image).mean() < 40
