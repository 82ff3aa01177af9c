"""Online detection over a video network: from films to features, networks, figures and the model of the node."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from opendr_perception.sim.people import load_people
from opendr_perception.tasks import activity
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.action.online import compare
from opendr_perception.training.action.online.data import Trunk, keep
from opendr_perception.training.action.online.train import Settings, Trainer, card_of
from opendr_perception.training.activity.bodies import cloud
from opendr_perception.training.activity.online import data, export
from opendr_perception.training.activity.simulate import FRAME_RATE, Cast
from opendr_perception.training.activity.weights import NetworkShape, build
from opendr_perception.training.body.motion import ACTIONS
from opendr_perception.training.common.weights import save

SHAPE = NetworkShape(side=32, frames=4, depth=0.1, width=0.5, hidden=8, horizons=(2, 4))
FRAMES = 60
WINDOW = 8


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small video network, and small people."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    people = [cloud(load_people()[0], 400, np.random.default_rng(0))]
    monkeypatch.setattr(data, "cast", lambda held_out: Cast(people, {}, held_out))
    save(build(SHAPE, len(ACTIONS)), tmp_path / "small.npz", {"labels": list(ACTIONS), "shape": asdict(SHAPE)})
    return tmp_path / "small.npz"


@pytest.fixture
def trunk(weights: Path) -> Trunk:
    return data.read_trunk(weights)


def test_parts_are_of_other_films_and_the_same_each_time(trunk: Trunk) -> None:
    seen = {part: data.seen(trunk, part, 1, 12) for part in data.PARTS}
    assert seen["test"].rate == FRAME_RATE
    assert seen["test"].features.shape[::2] == seen["test"].labels[None].shape[1:] == (1, 12)
    np.testing.assert_array_equal(data.seen(trunk, "test", 1, 12).features, seen["test"].features)
    assert not np.array_equal(seen["validation"].features, seen["test"].features)
    assert not np.array_equal(seen["validation"].features, seen["train"].features)


def test_a_detector_is_trained_measured_and_runs_in_the_node(
    weights: Path, trunk: Trunk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = data.seen(trunk, "train", 4, FRAMES)
    for part in data.PARTS[1:]:
        keep(tmp_path / f"{part}-simulation.npz", streams)
    settings = Settings("co-oadtr-b1", steps=2, batch=2, window=WINDOW)
    trainer = Trainer(settings, streams, tmp_path / "checkpoint.pt")
    assert len([*trainer.run()]) == 2
    path = tmp_path / "co-oadtr-b1-1.npz"
    save(trainer.network.eval(), path, card_of(settings, trainer.network, streams.features.shape[1]))

    monkeypatch.setattr(compare, "FEWEST", 0.5)
    monkeypatch.setattr(compare, "REPEATS", 1)
    found = compare.compared(tmp_path, "test", [1], Console(quiet=True), trunk)
    assert [*found] == ["co-oadtr-b1", "small"]
    assert 0 < found["small"]["simulation"][0] < 1
    assert found["co-oadtr-b1"]["largest_difference"] < 1e-4

    export.export_weights(path, tmp_path / "online.onnx", weights, tmp_path)
    perceiver = activity.build(activity.Settings(model=str(tmp_path / "online.onnx"), threads=1, still_below=0.0))
    memory = perceiver.new_memory()
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (20, SHAPE.side, SHAPE.side, 3), dtype=np.uint8)
    for number, image in enumerate(images):
        [answer] = perceiver(Image(image, "rgb8"), memory, 10 + number / FRAME_RATE).people
    clip = (torch.from_numpy(images).permute(3, 0, 1, 2)[None] / 255 - 0.45) / 0.225
    whole, _ = export.calibrated(path, trunk, tmp_path)
    with torch.no_grad():
        going, begun = whole(clip)[0, :, -1].softmax(0).chunk(2)
    np.testing.assert_allclose(answer.begins, begun, atol=1e-4)
    np.testing.assert_allclose(answer.probabilities, going + begun, atol=1e-4)
    horizon = perceiver.recogniser.model.horizons[0]
    assert horizon.frames == WINDOW
    assert answer.warm == (len(images) >= whole.receptive_field)
