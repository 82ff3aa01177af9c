"""Fixtures: a small network with random weights that joins voices and faces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from opendr_perception.engine.session import Session
from opendr_perception.networks.emotion.audiovisual import AudiovisualNetwork
from opendr_perception.tasks.emotion import EXPRESSIONS
from opendr_perception.tasks.emotion.audiovisual import AudiovisualModel
from opendr_perception.training.emotion.audiovisual.export import export_head


@pytest.fixture(scope="session")
def joined_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a network for 12 coefficients and the probabilities of expressions."""
    torch.manual_seed(5)
    network = AudiovisualNetwork(
        7, audio_features=12, video_features=7, audio_widths=(16, 16, 16, 16), video_widths=(16, 16, 16, 16)
    ).eval()
    path = tmp_path_factory.mktemp("joined") / "joined.onnx"
    texts = {name: json.dumps(EXPRESSIONS) for name in ("labels", "face_labels")}
    texts |= {"mean": json.dumps([-300.0] + [0.0] * 11), "spread": json.dumps([100.0] + [30.0] * 11)}
    export_head(network, path, 12, 7, {**texts, "faces": "probabilities"})
    return path


@pytest.fixture
def joined(joined_file: Path) -> AudiovisualModel:
    """That network."""
    return AudiovisualModel(Session(joined_file, threads=1))
