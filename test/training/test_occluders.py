"""Painted occluders: they cover what their label says, and leave by the side that they cover."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.active.occlusion import NONE, SIDES
from opendr_perception.training.occluders import MARGIN, Occluder, draw_occluder

SIZE = 200
BOX = np.array([60.0, 50.0, 140.0, 150.0])
WHITE = np.full((SIZE, SIZE, 3), 255, np.uint8)


def covered(picture: np.ndarray) -> np.ndarray:
    """Which pixels (100, 80) of the face's box are hidden."""
    return np.asarray(picture[50:150, 60:140, 0] < 128)


def thing(side: str, coverage: float) -> Occluder:
    black = np.zeros((SIZE, SIZE, 3), np.uint8)
    return Occluder(black, SIDES.index(side), coverage, slant=0.0, start=-3.0, end=4.0)


@pytest.mark.parametrize("side", SIDES[:NONE])
@pytest.mark.parametrize("coverage", [0.2, 0.45, 0.6])
def test_the_side_and_the_share_are_those_of_the_label(side: str, coverage: float) -> None:
    hidden = covered(thing(side, coverage).paint(WHITE, BOX))
    across = hidden.any(axis=0 if side in ("left", "right") else 1)
    if side in ("right", "bottom"):
        across = across[::-1]
    assert across[0]
    assert not across[-1]
    assert across.sum() == pytest.approx(coverage * len(across), abs=1 + MARGIN / 2)
    assert hidden.mean() == pytest.approx(coverage, abs=0.03)


@pytest.mark.parametrize(("shift", "left"), [(0.1, 0.3), (0.4, 0.0), (0.6, 0.0), (-0.1, 0.5)])
def test_a_step_leaves_what_the_ratio_counts(shift: float, left: float) -> None:
    hidden = covered(thing("left", 0.4).paint(WHITE, BOX, shift))
    assert hidden.mean() == pytest.approx(left, abs=0.03)


def test_nothing_is_painted_where_nothing_covers() -> None:
    nothing = draw_occluder(np.random.default_rng(0), (SIZE, SIZE), side=NONE)
    assert (nothing.paint(WHITE, BOX) == WHITE).all()


def test_the_same_seed_paints_the_same() -> None:
    pictures = [draw_occluder(np.random.default_rng(7), (SIZE, SIZE), 0).paint(WHITE, BOX) for _ in range(2)]
    assert (pictures[0] == pictures[1]).all()
    other = draw_occluder(np.random.default_rng(8), (SIZE, SIZE), 0).paint(WHITE, BOX)
    assert (pictures[0] != other).any()
