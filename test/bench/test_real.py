"""Evaluations on real data as a case of the benchmark: what is here is measured, what is not is said."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.real import EVALUATIONS, Evaluation, Target, figures_of, real
from opendr_perception.evaluate.command import CAPABILITIES
from opendr_perception.evaluate.report import Report
from opendr_perception.zoo import load_manifest


def test_sets_that_are_not_here_are_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENDR_DATA", str(tmp_path))
    with caplog.at_level(logging.WARNING):
        [figure] = real(Extent.FULL)
    assert (figure.ours, figure.target, figure.met) == (0, len(EVALUATIONS), False)
    assert len(caplog.messages) == len(EVALUATIONS)
    assert all("is not here; OPENDR_DATA names the folder of data" in message for message in caplog.messages)


def test_every_evaluation_is_one_of_the_command() -> None:
    assert {each.capability for each in EVALUATIONS} <= set(CAPABILITIES)
    assert {each.model for each in EVALUATIONS} - {""} <= set(load_manifest().entries)
    assert len({each.label + each.model for each in EVALUATIONS}) == len(EVALUATIONS)
    assert any(each.quick for each in EVALUATIONS)


def test_figures_are_compared_with_their_targets() -> None:
    report = Report("it")
    report.add("right", 0.7)
    report.add("wrong", 0.02)
    evaluation = Evaluation("tracks", "film", [Target("right", 0.8), Target("wrong", 0.05, most=True)])
    right, wrong = figures_of(evaluation, report)
    assert (right.ours, right.target, right.met) == (0.7, 0.8, False)
    assert (wrong.metric, wrong.met) == ("tracks, film, test: wrong", True)
    with pytest.raises(KeyError):
        figures_of(Evaluation("tracks", "film", [Target("missing", 1.0)]), report)
