"""Counts over a set are as they should be."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.signals.heart import confusion, f1, match, of_part
from opendr_perception.evaluate.signals.sets import HeartRecording, HeartSet


def test_beats_are_matched_once_and_nearby_only() -> None:
    marked, found = np.array([1.0, 2.0, 2.1, 5.0]), np.array([1.05, 2.06, 3.0, 5.2])
    assert match(marked, found) == {0: 0, 1: 1}
    assert match(marked, np.array([])) == {}


def test_f1_is_that_of_the_formula() -> None:
    table = confusion(["a", "a", "a", "b"], ["a", "a", "b", "b"], ["a", "b", "c"])
    np.testing.assert_array_equal(table, [[2, 1, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(f1(table), [0.8, 2 / 3, 0])


def test_the_test_part_is_what_the_shipped_model_has_not_seen() -> None:
    groups = ("DS1", "DS2", "paced")
    data = HeartSet("x", "heart-beats", tuple(HeartRecording(g, np.zeros(1, "f4"), 1.0, "", g) for g in groups))
    assert [each.group for each in of_part(data, "test")] == ["DS2"]
    assert [each.group for each in of_part(data, "all")] == ["DS1", "DS2"]
    with pytest.raises(DatasetError, match="train, test and all"):
        of_part(data, "validation")
