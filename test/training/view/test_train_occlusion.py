"""Training data of the networks that clear occluders; the written model answers as the trained one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from opendr_perception.active.policies.occlusion import LARGEST_RATIO, SIDES
from opendr_perception.engine.session import Session
from opendr_perception.networks.view.occlusion import DirectionNetwork, RatioNetwork
from opendr_perception.training.view.train_occlusion import Maker, Samples, fit, joined, write


@pytest.fixture(scope="module")
def maker(models: Any, astronaut: np.ndarray) -> Maker:
    return Maker(np.ascontiguousarray(astronaut[None, :, :, ::-1]), np.array([5]), seed=0)


def test_directions_are_of_features_of_covered_faces(maker: Maker) -> None:
    samples = maker.directions(6)
    assert samples.inputs.shape == (6, 256, 4, 4)
    assert set(samples.labels.tolist()) <= set(range(len(SIDES)))
    assert samples.people.tolist() == [5] * 6


def test_ratios_are_of_pairs_and_in_range(maker: Maker) -> None:
    samples = maker.ratios(6)
    assert samples.inputs.shape == (6, 64, 64, 6)
    assert samples.inputs.dtype == torch.uint8
    assert 0 <= samples.labels.min() <= samples.labels.max() <= LARGEST_RATIO


def test_every_fourth_person_is_held_out() -> None:
    samples = Samples(torch.arange(8.0)[:, None], torch.arange(8), torch.arange(8))
    assert samples.part(held_out=True).people.tolist() == [3, 7]
    assert joined([samples, samples]).people.tolist() == [0, 1, 2, 4, 5, 6] * 2


def test_training_makes_the_loss_smaller() -> None:
    torch.manual_seed(0)
    labels = torch.arange(64) % len(SIDES)
    features = F.one_hot(labels, 256).float()[:, :, None, None] + 0.1 * torch.randn(64, 256, 4, 4)
    network = DirectionNetwork(len(SIDES)).eval()
    before = F.cross_entropy(network(features), labels)
    fit(network, Samples(features, labels, labels), F.cross_entropy, epochs=5, rate=2e-3)
    assert not network.training
    assert F.cross_entropy(network(features), labels) < 0.8 * before


@pytest.mark.parametrize(
    ("network", "example", "names"),
    [
        (DirectionNetwork(len(SIDES)), torch.randn(3, 256, 4, 4), ("features", "logits")),
        (RatioNetwork(LARGEST_RATIO), torch.randint(0, 256, (3, 64, 64, 6), dtype=torch.uint8), ("crops", "ratio")),
    ],
)
def test_what_is_written_answers_as_the_network_for_any_number_of_samples(
    network: torch.nn.Module, example: torch.Tensor, names: tuple[str, str], tmp_path: Path
) -> None:
    write(network, example[:1], names, tmp_path / "network.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    answer = Session(tmp_path / "network.onnx", threads=1).run({names[0]: example.numpy()})[names[1]]
    with torch.no_grad():
        assert answer == pytest.approx(network(example).numpy(), abs=1e-4)
