"""A video network learns from films, is kept with its shape, and can be taught other activities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.activity.head import Head
from opendr_perception.training.activity import probe
from opendr_perception.training.activity.data import Films
from opendr_perception.training.activity.evaluate import measured
from opendr_perception.training.activity.probe import features, teach
from opendr_perception.training.activity.train import Settings, Trainer, begin
from opendr_perception.training.activity.weights import NetworkShape, load
from opendr_perception.training.common.weights import save

LAYOUTS = ["small", ""]
SIDE = 48  # a map of one pixel is too small for convolutions of 16 bits


def shape_of(layout: str) -> NetworkShape:
    return NetworkShape(SIDE, 4, 0.3, 0.5, 16, (2, 4), layout)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def films() -> Films:
    """Something bright that goes down, or up: no image alone tells."""
    images = np.zeros((16, 8, SIDE, SIDE, 3), np.uint8)
    for number in range(16):
        for k in range(8):
            row = 4 + 3 * (k if number % 2 else 7 - k)
            images[number, k, row : row + 6] = 220
    return Films(images, np.repeat(np.arange(16)[:, None] % 2, 8, 1))


def trainer_of(films: Films, path: Path, steps: int) -> Trainer:
    torch.manual_seed(0)
    network, _ = begin(shape_of("small"), 2, None)
    return Trainer(Settings(steps, batch=8, frames=8, rate=1e-2), films, network, 2, "cpu", path)


def test_it_learns_what_moves_which_way(films: Films, tmp_path: Path) -> None:
    trainer = trainer_of(films, tmp_path / "c.pt", steps=30)
    list(trainer.run())
    right = measured(trainer.network.eval(), films, ["down", "up"])
    assert min(right[2].activities.values()) > 0.9
    assert right[2].mean > 0.9


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(films: Films, tmp_path: Path) -> None:
    whole = trainer_of(films, tmp_path / "whole.pt", steps=4)
    losses = [loss for _, loss, _ in whole.run()]
    first = trainer_of(films, tmp_path / "parts.pt", steps=4)
    for step, _, _ in first.run():
        if step == 2:
            first.save()
            break
    second = trainer_of(films, tmp_path / "parts.pt", steps=4)
    second.resume()
    assert [loss for _, loss, _ in second.run()] == losses[2:]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_survive_the_way_through_a_file_and_take_new_activities(layout: str, tmp_path: Path) -> None:
    shape = shape_of(layout)
    network, _ = begin(shape, 3, None)
    card = {"labels": ["a", "b", "c"], "shape": {**vars(shape), "horizons": list(shape.horizons)}}
    save(network.eval(), tmp_path / "w.npz", card)
    again, told = load(tmp_path / "w.npz")
    clip = torch.randn(1, 3, 4, SIDE, SIDE)
    with torch.no_grad():
        assert torch.allclose(again.eval()(clip), network(clip), atol=1e-2)  # kept in half precision
    assert told["labels"] == ["a", "b", "c"]
    other, shape = begin(NetworkShape(side=8), 5, tmp_path / "w.npz")
    assert shape.layout == layout
    assert other.eval()(clip).shape[1] == 5
    assert torch.equal(next(other.parameters()), next(again.parameters()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_last_layers_are_taught_alone(layout: str, films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "STEPS", 5)
    monkeypatch.setattr(probe, "BATCH", 8)
    network = begin(shape_of(layout), 2, None)[0].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    head = teach(network, features(network, films), torch.from_numpy(films.labels[:, 0]), seed=1)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    assert isinstance(head, Head)
    assert not torch.equal(head.proj.weight, network.blocks[-1].proj.weight)  # type: ignore[union-attr]
