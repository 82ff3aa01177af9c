"""Every case of the benchmark runs to its end, in small: what is not run breaks unseen."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest
import rclpy

from opendr_perception.bench import command
from opendr_perception.bench.command import CASES, benchmark
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better

FIELDS = {"case", "metric", "unit", "ours", "peer", "peer_name", "ratio", "target", "met"}


LIMIT = 1200
"""Seconds for all cases together, on a slow machine."""


@pytest.fixture(scope="module")
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, object]]]:
    """One run of the command with all cases that are tested, which all need the same libraries, and its figures."""
    asked = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    cases = [str(each.params["case"]) for each in asked if each and "case" in each.params]
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    arguments = ["opendr-perception", "bench", *cases, "--smoke", "--json", str(file)]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    return ended, json.loads(file.read_text()) if file.exists() else []


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("case", CASES)
def test_a_case_gives_its_figures(
    case: str, measured: tuple[subprocess.CompletedProcess[str], list[dict[str, object]]]
) -> None:
    ended, figures = measured
    assert f"case {case} failed" not in ended.stderr, ended.stderr
    own = [figure for figure in figures if figure["case"] == case]
    assert own, ended.stderr
    assert all(figure.keys() == FIELDS for figure in own)


def test_the_command_ends_well(measured: tuple[subprocess.CompletedProcess[str], list[dict[str, object]]]) -> None:
    ended, figures = measured
    assert ended.returncode == 0, ended.stderr
    own = [case for case, _ in itertools.groupby(str(figure["case"]) for figure in figures)]
    assert own == [case for case in CASES if case in own], "each case gives its own figures, one after the other"


def test_a_case_that_fails_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(extent: Extent) -> list[Figure]:
        raise TimeoutError("the node does not answer")

    def sound(extent: Extent) -> list[Figure]:
        assert len(json.loads(file.read_text())) == 1, "what came before is written by now"
        return [larger_is_better("sound", "rate", "Hz", 2.0, 1.0)]

    file = tmp_path / "bench.json"
    first = larger_is_better("first", "rate", "Hz", 2.0, 1.0)
    monkeypatch.setattr(command, "CASES", {"first": lambda extent: [first], "broken": broken, "sound": sound})
    assert benchmark((), Extent.SMOKE, file) == 1
    assert [figure["case"] for figure in json.loads(file.read_text())] == ["first", "sound"]
    assert "error: case broken failed: TimeoutError: the node does not answer" in capsys.readouterr().err


def test_what_the_caller_has_of_ros_is_still_there_afterwards(ros: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CASES", {"sound": lambda extent: [larger_is_better("sound", "rate", "Hz", 2.0, 1.0)]})
    assert benchmark((), Extent.SMOKE, None) == 0
    assert rclpy.ok()
