"""opendr-perception teach, as a user types it; what it writes runs as the node runs it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from opendr_perception.engine.stateful import StateBank
from opendr_perception.networks.action.taught import members_of
from opendr_perception.tasks import action
from opendr_perception.teach_cli import app
from opendr_perception.training.action.teaching.source import read_source
from opendr_perception.zoo import session


def teach(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["actions", *map(str, arguments), "--model", "action-open"])


def test_a_model_is_written_that_the_node_runs_and_that_can_be_taught_again(
    lab: Path, gestures: tuple[str, ...], tmp_path: Path
) -> None:
    model = tmp_path / "lab.onnx"
    result = teach(lab, "--output", model, "--steps", 3)
    assert result.exit_code == 0, result.stderr
    card = yaml.safe_load(model.with_suffix(".yaml").read_text(encoding="utf-8"))
    assert card["taught"] == {name: {"examples": 2, "people": 2} for name in gestures}
    assert card["source"]["model"] == "action-open"
    assert card["width"] == 96
    network = read_source(model).network
    assert len(members_of(network)) == 2
    bank, frames = StateBank(session(str(model))), np.random.default_rng(0).random((9, 1, 5, 17, 1), np.float32)
    for frame in frames:
        step = bank.step(["anna"], frame)
    with torch.no_grad():
        expected = network(torch.from_numpy(frames.transpose(1, 2, 0, 3, 4)))[0, :, -1].softmax(0)
    np.testing.assert_allclose(step.output[0], expected, atol=1e-5)
    perceiver = action.build(action.Settings(model=str(model)))
    assert list(perceiver.labels[-3:]) == list(gestures)
    assert session(str(model)).metadata["terms"] == "open"
    again = CliRunner().invoke(
        app, ["actions", str(lab), "--output", str(tmp_path / "b.onnx"), "--steps", "1", "--model", str(model)]
    )
    assert again.exit_code == 0, again.stderr


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("begin,end,label\n0,2,stop\n1,3,go\n", "overlaps"),
        ("begin,end,label\n0,2,\n", "names nothing"),
        ("begin,end,label\n0,0.4,stop\n", "shows nobody"),
        (None, "has no labels in itself"),
    ],
)
def test_what_cannot_be_learned_from_is_said_in_one_line(labels: str | None, said: str, tmp_path: Path) -> None:
    film = tmp_path / "night"
    film.mkdir()
    for number in range(2):
        cv2.imwrite(str(film / f"{number}.png"), np.zeros((96, 128, 3), np.uint8))
    arguments: list[object] = [film, "--output", tmp_path / "lab.onnx"]
    if labels is not None:
        (tmp_path / "labels.csv").write_text(labels)
        arguments += ["--labels", tmp_path / "labels.csv"]
    result = teach(*arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not (tmp_path / "lab.onnx").exists()


def test_wrong_files_are_said(lab: Path, tmp_path: Path) -> None:
    assert "no.npz is not a file of skeletons" in teach(tmp_path / "no.npz", "--output", tmp_path / "a.onnx").stderr
    assert "an .onnx file" in teach(lab, "--output", tmp_path / "lab.pt").stderr
    wrong = CliRunner().invoke(app, ["actions", str(lab), "--output", str(tmp_path / "a.onnx"), "--model", "nanodet"])
    assert wrong.exit_code == 1
    assert "no action network" in wrong.stderr
    assert teach(lab, "--output", tmp_path / "a.onnx", "--keep", 2).exit_code == 2


def test_without_torch_it_is_said_what_is_missing(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    result = teach(lab, "--output", tmp_path / "lab.onnx")
    assert result.exit_code == 1
    assert result.stderr == "error: teaching needs torch: pip install torch\n"
