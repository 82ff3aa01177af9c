"""Recognising people by their clothes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.fusion.clothes import VIEWS, Wardrobe, probability, recognise, uncovered


def look(*weights: float) -> np.ndarray:
    return np.sqrt(np.array(weights, np.float32) / sum(weights))


RED, BLUE, PINK = look(8, 1, 1), look(1, 1, 8), look(7, 2, 1)


def test_the_best_is_taken_if_it_is_alike_and_alone() -> None:
    known = {"red": Wardrobe((RED,)), "blue": Wardrobe((BLUE,))}
    match = recognise(PINK, known, {}, 0.7)
    assert match is not None
    assert match.person == "red"
    assert recognise(PINK, {"blue": Wardrobe((BLUE,))}, {}, 0.8) is None, "nobody is alike"
    assert recognise(PINK, known, {"rival": Wardrobe((PINK,))}, 0.7) is None, "somebody else who is there is as alike"
    assert recognise(PINK, {}, {}, 0.0) is None


def test_views_are_few_and_a_new_one_does_not_wipe_out_the_old() -> None:
    wardrobe = Wardrobe().wear(RED).wear(PINK).wear(BLUE)
    assert len(wardrobe.views) == 2
    assert wardrobe.likeness(RED) > 0.98
    assert wardrobe.likeness(BLUE) == pytest.approx(1)
    wardrobe = Wardrobe()
    for part in range(20):
        wardrobe = wardrobe.wear(look(*np.eye(20)[part] + 1e-3))
    assert len(wardrobe.views) == VIEWS


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.5, 1))
def test_a_likeness_of_clothes_is_never_sure(likeness: float, ahead: float, least: float) -> None:
    assert probability(likeness, ahead, least) <= 0.7


def test_only_bodies_that_are_whole_show_their_clothes() -> None:
    boxes = np.array(
        [[100, 100, 160, 300], [110, 120, 170, 320], [1, 100, 60, 300], [580, 100, 639, 300], [400, 100, 410, 120]],
        float,
    )
    assert uncovered(boxes, (640, 480)).tolist() == [False, True, False, False, False]
    assert len(uncovered(np.zeros((0, 4)), (640, 480))) == 0
