"""The active demonstration, as a user runs it, and where it cannot run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import av
import pytest
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.demo.active import demonstrate_active
from opendr_perception.sim.rendering import SimulatorError, load_mujoco


def test_it_writes_what_the_robot_saw_and_found(models: Any, tmp_path: Path) -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    command = ["opendr-perception", "demo-active", "--people", "1", "--policy", "static", "--headless"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "person_01" in done.stdout

    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    said = {line["topic"] for line in lines} - {"/faces"}
    assert said == {f"/view_control/{name}" for name in ("state", "identify/feedback", "identify/result")}
    assert [line["moves"] for line in lines if line["topic"].endswith("result")] == [0]
    faces = [line for line in lines if line["topic"] == "/faces"]
    assert all(line["stamp"] > 0 and line["frame_id"] == "camera" for line in faces)

    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [visit["person"] for visit in summary["people"]] == ["person_01"]
    first, last = (summary["people"][0][when] for when in ("first", "last"))
    assert first["confidence"] == last["confidence"], "one view alone, and all views together, of which there is one"
    assert first["confidence"] is not None
    assert summary["clearance"] > 1.0
    with av.open(str(tmp_path / "annotated.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == (1280, 480)
        assert sum(1 for _ in film.decode(stream)) >= 10


def test_it_says_what_is_missing(
    models: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert demonstrate_active(0, 2, "static", tmp_path / "out", headless=True) == 1
    error = capsys.readouterr().err
    assert "apt-get install libosmesa6" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out" / "summary.json").exists()


def test_a_policy_that_is_none_is_wrong_usage() -> None:
    result = CliRunner().invoke(app, ["demo-active", "--policy", "telepathy"])
    assert result.exit_code == 2
    assert "there is no policy 'telepathy'" in " ".join(result.output.replace("│", "").split())
