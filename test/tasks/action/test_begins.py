"""Answers of models for online detection, taken apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from opendr_perception.tasks.action import ActionRecogniser
from opendr_perception.tasks.action.begins import parted
from opendr_perception.tasks.action.recognition import ActionMemory, TrackedPoses
from opendr_perception.zoo import session


def test_what_is_done_is_what_goes_on_and_what_has_just_begun() -> None:
    done, begins = parted(np.array([0.1, 0.2, 0.3, 0.4]), 2)
    np.testing.assert_allclose(done, [0.4, 0.6])
    np.testing.assert_allclose(begins, [0.3, 0.4])
    done, begins = parted(np.array([0.3, 0.7]), 2)
    np.testing.assert_array_equal(done, [0.3, 0.7])
    assert not len(begins)


def test_the_recogniser_tells_what_begins(online_model: Path) -> None:
    recogniser = ActionRecogniser(session(str(online_model)))
    memory = ActionMemory()
    poses = np.random.default_rng(0).uniform(0, 200, (1, 17, 3))
    poses[..., 2] = 0.9
    for frame in range(100):
        (answers,) = recogniser([TrackedPoses(memory, ["1"], poses, frame / 20)])
    (action,) = answers
    assert action.probabilities.shape == (3,)
    assert abs(action.probabilities.sum() - 1) < 1e-5
    np.testing.assert_allclose(action.begins, 0.3 * action.probabilities, rtol=1e-4)
