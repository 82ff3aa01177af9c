"""The tables of distances come back from views that were made by them."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.active.perception.identity import ANGLES, LARGE_ENOUGH, OTHER, OTHER_OF_SMALL, OWN, OWN_OF_SMALL
from opendr_perception.training.view.distances import draw, fit


def test_the_tables_come_back() -> None:
    random = np.random.default_rng(0)
    angle, size = random.uniform(0, ANGLES[-1], 500), random.uniform(10, 100, 500)
    lack = np.maximum(LARGE_ENOUGH / size - 1, 0) * np.cos(angle)
    own = np.interp(angle, ANGLES, OWN) + OWN_OF_SMALL * lack
    other = np.interp(angle, ANGLES, OTHER) + OTHER_OF_SMALL * lack
    found = fit(np.column_stack([angle, size, own, other]))
    assert found[0] == pytest.approx([*OWN, OWN_OF_SMALL], abs=1e-6)
    assert found[1] == pytest.approx([*OTHER, OTHER_OF_SMALL], abs=1e-6)


def test_the_same_seed_draws_the_same_scene() -> None:
    assert draw(5, "person_01") == draw(5, "person_01")
    assert draw(5, "person_01") != draw(6, "person_01")
