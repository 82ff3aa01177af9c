"""Every case of the benchmark runs to its end, in small: what is not run breaks unseen."""

from __future__ import annotations

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


@pytest.mark.parametrize("case", CASES)
def test_a_case_gives_its_figures(case: str, tmp_path: Path) -> None:
    arguments = ["opendr-perception", "bench", case, "--smoke", "--json", str(tmp_path / "bench.json")]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 0, ended.stderr
    figures = json.loads((tmp_path / "bench.json").read_text())
    assert figures
    assert all(figure.keys() == FIELDS and figure["case"] == case for figure in figures)


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
