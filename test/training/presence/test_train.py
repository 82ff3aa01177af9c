"""Training of human presence: its crops, resuming, and the model that nodes load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.session import Session
from opendr_perception.networks.human_presence import ARCHITECTURES, HumanPresenceNetwork
from opendr_perception.tasks.nms.candidates import Detections
from opendr_perception.training.common.weights import save
from opendr_perception.training.people.sprites import Sprite
from opendr_perception.training.presence.data import Crops, real, synthetic, watch
from opendr_perception.training.presence.export import export_presence
from opendr_perception.training.presence.train import Settings, Trainer, load, planes

RED = Sprite(np.full((120, 40, 3), (0, 0, 255), np.uint8), np.full((120, 40), 255, np.uint8), body=1)


def redness(crops: np.ndarray) -> np.ndarray:
    """Excess of red over other colours of each pixel; that of the middle of each crop."""
    middle = crops[:, 30:34, 30:34].astype(int).mean(axis=(1, 2))
    return np.asarray(middle[:, 2] - middle[:, :2].max(axis=1))


def test_a_crop_is_labelled_by_its_middle() -> None:
    grey = [np.full((200, 200, 3), 120, np.uint8)]
    crops = synthetic(1, 120, [RED], grey)
    assert crops.pixels.shape == (120, 64, 64, 3)
    assert crops.labels.mean() == 0.5
    assert np.median(redness(crops.pixels[crops.labels])) > 60
    nobody = crops.pixels[~crops.labels]
    assert np.mean(redness(nobody) > 60) < 0.1
    edges = (nobody[..., 2].astype(int) - nobody[..., :2].max(axis=3) > 60).sum(axis=(1, 2))
    assert np.mean(edges > 40) > 0.1, "some people reach into crops that show nobody"
    np.testing.assert_array_equal(synthetic(1, 2, [RED], grey).pixels, crops.pixels[:2])


def test_windows_of_a_film_show_people_who_moved() -> None:
    background = np.full((240, 320, 3), 90, np.uint8)
    background[100:160, 250:270] = 200  # a post
    frame = background.copy()
    frame[80:160, 100:130] = (0, 0, 255)
    found = Detections(np.float32([[100, 80, 130, 160], [250, 100, 270, 160]]), np.float32([0.9, 0.9]))
    film = watch([frame], [found], background)
    np.testing.assert_array_equal(film.people[0], found.boxes[:1])
    crops = real(1, 60, film, (0, 320))
    assert len(crops) == 60
    assert (redness(crops.pixels[crops.labels]) > 60).all()
    assert (redness(crops.pixels[~crops.labels]) <= 0).all()
    assert len(real(1, 60, film, (150, 320)).labels) == 0, "nobody is in that part"


def test_real_crops_replace_rendered_ones() -> None:
    labels = np.array([True, False] * 4)
    rendered, others = (Crops(np.full((8, 64, 64, 3), tone, np.uint8), labels) for tone in (0, 255))
    mixed = rendered.replaced(others, 3)
    replaced = mixed.pixels[:, 0, 0, 0] == 255
    assert (replaced[labels].sum(), replaced[~labels].sum(), len(mixed)) == (3, 3, 8)
    assert not rendered.pixels.any()
    with pytest.raises(ValueError, match="5 crops cannot be replaced"):
        rendered.replaced(others, 5)


def test_a_training_learns_and_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    labels = np.arange(32) % 2 == 0
    crops = Crops(np.where(labels[:, None, None, None], 220, 30) + np.zeros((32, 64, 64, 3), np.uint8), labels)
    settings = Settings(steps=10, batch=4)
    whole = Trainer(settings, crops, tmp_path / "whole.pt")
    losses = [loss for _, loss in whole.run()]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    first = Trainer(settings, crops, tmp_path / "interrupted.pt")
    for step, _ in first.run():
        if step == 5:
            break
    first.save()
    second = Trainer(settings, crops, tmp_path / "interrupted.pt")
    second.resume()
    assert [step for step, _ in second.run()] == list(range(6, 11))
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[name], value)
    with pytest.raises(ValueError, match="of a training with other settings"):
        Trainer(Settings(steps=13), crops, tmp_path / "interrupted.pt").resume()


@pytest.mark.parametrize("name", ARCHITECTURES)
@torch.no_grad()
def test_the_shipped_model_gives_what_the_network_gives(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = HumanPresenceNetwork(name).eval()
    save(network, tmp_path / "weights.npz", {})
    export_presence(load(tmp_path / "weights.npz"), tmp_path / "model.onnx")
    session = Session(tmp_path / "model.onnx", threads=1)
    for size in ((64, 64), (70, 161), (133, 100)):
        images = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
        expected = network(planes(images)).softmax(1)[:, 1].numpy()
        np.testing.assert_allclose(session.run({"image": images})["presence"], expected, atol=1e-5)
    assert session.metadata == {"stride": str(network.stride), "offset": str(network.offset)}
