"""The figures of emotions are computed as they are explained."""

from __future__ import annotations

import numpy as np

from opendr_perception.bench.emotion.recognition import follow, lag, seen_after
from opendr_perception.tasks.emotion.expression import Expressions
from opendr_perception.tasks.emotion.smoothing import Exponential, Unsmoothed


def shown(label: int, frames: int = 10) -> Expressions:
    return Expressions(np.eye(3)[[label] * frames], np.zeros((frames, 2)))


def test_following_single_frames_changes_nothing() -> None:
    seen = Expressions(np.random.default_rng(0).dirichlet(np.ones(3), 20), np.random.default_rng(1).random((20, 2)))
    answers = follow(Unsmoothed(), seen)
    np.testing.assert_array_equal(answers.probabilities, seen.probabilities)
    np.testing.assert_array_equal(answers.affect, seen.affect)


def test_the_lag_is_that_by_which_a_sequence_was_moved() -> None:
    sequence = np.random.default_rng(0).random((80, 2))
    for frames in (0, 1, 4):
        assert lag(sequence[10:60], sequence[10 - frames : 60 - frames]) == frames


def test_a_change_is_seen_at_once_in_single_frames_and_later_in_an_average() -> None:
    assert seen_after(Unsmoothed(), shown(0), shown(1)) == 0
    assert 0 < seen_after(Exponential(), shown(0), shown(1)) <= 4
