"""A small video network with random weights, as a file and as a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.networks.activity.x3d import CoX3D, Size
from opendr_perception.tasks.activity import ActivityModel

SIDE = 32
TOLD = {"side": SIDE, "rate": 6.0, "horizons": [2, 4], "mean": 0.45, "deviation": 0.225}


@pytest.fixture(scope="session")
def video_network() -> CoX3D:
    """A causal network for three activities, whose answers differ."""
    torch.manual_seed(0)
    network = CoX3D(Size(4, SIDE, 0.1, 0.5, 8), 3, (2, 4), "causal", partial=True).eval()
    with torch.no_grad():
        network.blocks[-1].proj.weight.mul_(100)
    return network


@pytest.fixture(scope="session")
def video_file(video_network: CoX3D, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network as a model's file."""
    path = tmp_path_factory.mktemp("activity") / "video.onnx"
    texts = {"labels": json.dumps(["stand", "walk", "wave"]), "activity": json.dumps(TOLD), "terms": "research"}
    export(video_network, path, (3, SIDE, SIDE), softmax=True, metadata=texts)
    return path


@pytest.fixture
def video_model(video_file: Path) -> ActivityModel:
    return ActivityModel(Session(video_file, threads=1))
