"""Weights of a training, and of OpenDR, become models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.networks.emotion.esr import Esr
from opendr_perception.networks.emotion.ma_net import MaNet
from opendr_perception.training.common.command import application
from opendr_perception.training.common.weights import save
from opendr_perception.training.emotion.expression.data import LABELS
from opendr_perception.training.emotion.expression.export import export_weights


def _ship(*arguments: Path | str) -> tuple[int, str]:
    app = application(export_weights)
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.output


def test_a_folder_of_opendr(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Esr(branches=2).eval()
    torch.save(network.base.state_dict(), tmp_path / "Net-Base-Shared_Representations.pt")
    for number, branch in enumerate(network.branches, 1):
        torch.save(branch.state_dict(), tmp_path / f"Net-Branch_{number}.pt")
    assert _ship(tmp_path, tmp_path / "model.onnx") == (0, "")
    session = Session(tmp_path / "model.onnx", threads=1)
    assert json.loads(session.metadata["labels"]) == list(LABELS)
    image = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), np.uint8)
    with torch.no_grad():
        bgr = torch.from_numpy(image[..., ::-1].copy()).permute(0, 3, 1, 2) / 255
        expected = network(bgr).logits.softmax(2).mean(0).numpy()
    assert np.abs(session.run({"image": image})["probabilities"] - expected).max() < 1e-5


def test_an_npz_of_a_training(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = MaNet(3, width=16).eval()
    settings = {"network": "ma-net", "width": 16, "affect_epochs": 0}
    save(network, tmp_path / "net.npz", {"settings": settings, "labels": ["a", "b", "c"]})
    assert _ship(tmp_path / "net.npz", tmp_path / "model.onnx") == (0, "")
    session = Session(tmp_path / "model.onnx", threads=1)
    assert session.inputs[0].shape == (None, 224, 224, 3) and json.loads(session.metadata["labels"]) == ["a", "b", "c"]
    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    planes = torch.from_numpy(image).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        expected = network(planes).logits().softmax(1).numpy()
    assert np.abs(session.run({"image": image})["probabilities"] - expected).max() < 1e-3


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    status, said = _ship(tmp_path, tmp_path / "model.onnx")
    assert status == 1 and "lacks Net-Base-Shared_Representations.pt" in said
    assert not (tmp_path / "model.onnx").exists()
