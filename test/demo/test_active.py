"""The active demonstration, where it cannot run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.demo.active import demonstrate_active


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
