"""Counts over a set are as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.signals.heart import confusion, evaluate_heart, f1, match, of_part, whole
from opendr_perception.evaluate.signals.sets import HeartRecording, HeartSet
from opendr_perception.tasks.signals.heart import Judgement
from opendr_perception.training.signals.simulate import electrocardiogram, intervals


def test_beats_are_matched_once_and_nearby_only() -> None:
    marked, found = np.array([1.0, 2.0, 2.1, 5.0]), np.array([1.05, 2.06, 3.0, 5.2])
    assert match(marked, found) == {0: 0, 1: 1}
    assert match(marked, np.array([])) == {}


def test_f1_is_that_of_the_formula() -> None:
    table = confusion(["a", "a", "a", "b"], ["a", "a", "b", "b"], ["a", "b", "c"])
    np.testing.assert_array_equal(table, [[2, 1, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(f1(table), [0.8, 2 / 3, 0])


def judgement(probabilities: list[float], warm: bool) -> Judgement:
    return Judgement(0, "", np.array(probabilities, np.float32), 60.0, 1.0, 1.0, warm, "")


def test_a_recording_is_judged_by_its_full_windows() -> None:
    filling, nothing = judgement([0.9, 0.1], False), judgement([], True)
    full = [judgement([0.2, 0.8], True), judgement([0.4, 0.6], True)]
    np.testing.assert_allclose(whole([filling, nothing, *full, nothing]), [0.3, 0.7])
    np.testing.assert_allclose(whole([judgement([0.5, 0.5], False), filling, nothing]), [0.9, 0.1])
    assert whole([nothing]).shape == whole([]).shape == (0,)


def test_the_test_part_is_what_the_shipped_model_has_not_seen() -> None:
    groups = ("DS1", "DS2", "paced")
    data = HeartSet("x", "heart-beats", tuple(HeartRecording(g, np.zeros(1, "f4"), 1.0, "", g) for g in groups))
    assert [each.group for each in of_part(data, "test")] == ["DS2"]
    assert [each.group for each in of_part(data, "all")] == ["DS1", "DS2"]
    with pytest.raises(DatasetError, match="train, test and all"):
        of_part(data, "validation")


def test_a_report_says_how_far_scores_can_be_believed(tmp_path: Path) -> None:
    for k in range(5):
        beats = intervals(12, 75, 0.3 if k % 2 else 0.02, seed=k)
        samples, _ = electrocardiogram(beats, 300, fibrillation=k % 2 == 1, seed=k)
        savemat(tmp_path / f"A{k:05d}.mat", {"val": (samples * 1000).astype(np.int16)[None]})
    (tmp_path / "REFERENCE-v3.csv").write_text("".join(f"A{k:05d},{'NA'[k % 2]}\n" for k in range(5)))
    session = Session(zoo.require("heart-rhythm").path, threads=1)
    report = evaluate_heart(tmp_path, session, "all").as_dict()
    rows = report["reliability"]
    assert isinstance(rows, list) and sum(row["answers"] for row in rows) == 5
    assert all(0 < row["score"] <= 1 and 0 <= row["right"] <= 1 for row in rows)
    assert "expected calibration error" in str(report["figures"])
