"""Somebody is hidden by what stands between them and the robot, and less so from the side."""

from __future__ import annotations

import math

import numpy as np

from opendr_perception.bench.view.gains.actions import Doing

SEED = next(seed for seed in range(20) if Doing(seed)._thing is not None)


def test_the_same_seed_is_seen_the_same() -> None:
    one, other = Doing(SEED), Doing(SEED)
    assert one.kind == other.kind
    np.testing.assert_array_equal(one.look(0.0, 0), other.look(0.0, 0))
    assert not np.array_equal(one.look(0.0, 0), one.look(0.0, 1)), "other errors"


def test_a_move_to_the_side_shows_what_was_hidden() -> None:
    scene = Doing(SEED)
    at = np.arange(1, 20) / 12.0
    before = scene._hidden(scene._place(0.0), at).mean()
    around = min(scene._hidden(scene._place(math.radians(degrees)), at).mean() for degrees in (-60, 60))
    assert before > 0.1 and around < before


def test_who_goes_to_the_right_sees_the_person_move_on_in_the_image() -> None:
    scene = Doing(SEED)
    ahead = np.array([np.cos(scene._start), 0.0, np.sin(scene._start)])
    right = np.cross(-ahead, [0.0, 1.0, 0.0])
    assert (scene._place(0.3) - scene._place(0.0)) @ right > 0
