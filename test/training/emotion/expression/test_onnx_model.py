"""Models of expressions answer as their networks do, and an ensemble that stops early keeps its label."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.session import Session
from opendr_perception.networks.emotion.esr import Esr
from opendr_perception.training.emotion.expression.onnx_model import Decision, ImageFormat, export_esr

LABELS = ("a", "b", "c")
CLOSE = 1e-3  # of probabilities; logits are enlarged here, and so are their errors


@pytest.fixture(scope="module")
def ensemble() -> Esr:
    """Five judges who are sure of themselves and disagree, but for the first two, who are the same."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = Esr(len(LABELS), 5, width=16).eval()
    with torch.no_grad():
        images = torch.from_numpy(_images(12)).permute(0, 3, 1, 2) / 255
        for branch in network.judges():
            shared = network.base(images)
            branch.affect.weight.mul_(0.1)
            spread = branch(shared)[0]
            branch.expression.weight.mul_(8 / spread.std(0)[:, None])
            branch.expression.bias.sub_(branch(shared)[0].mean(0))
        network.branches[1].load_state_dict(network.branches[0].state_dict())
    return network


@pytest.fixture(scope="module")
def models(ensemble: Esr, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Session]:
    """Sessions of the ensemble by decision and by whether it stops early; each is exported once."""
    folder = tmp_path_factory.mktemp("ensembles")

    @functools.cache
    def model(decision: Decision, early: bool) -> Session:
        path = folder / f"{decision}-{early}.onnx"
        export_esr(ensemble, path, LABELS, ImageFormat(), decision=decision, early_exit=early)
        return Session(path, threads=1)

    return model


def _images(count: int, size: int = 96) -> np.ndarray:
    """Stripes of random colour, direction and width."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size]
    phases = [
        np.sin(rng.uniform(0.05, 1) * (rows * np.sin(angle) + columns * np.cos(angle)))
        for angle in rng.uniform(0, np.pi, count)
    ]
    colours = rng.uniform(0, 255, (count, 1, 1, 3))
    return (colours * (0.5 + 0.5 * np.stack(phases)[..., None])).astype(np.uint8)


@torch.no_grad()
def _given(network: Esr, images: np.ndarray, decision: str) -> np.ndarray:
    """(branches, N, labels)."""
    logits = network(torch.from_numpy(images).permute(0, 3, 1, 2) / 255).logits
    if decision == "vote":
        return torch.nn.functional.one_hot(logits.argmax(2), len(LABELS)).double().numpy()
    return logits.double().softmax(2).numpy()


@pytest.mark.parametrize("decision", ["mean", "vote"])
def test_an_early_exit_keeps_the_label(ensemble: Esr, models: Callable[..., Session], decision) -> None:
    images = _images(12)
    whole, early = models(decision, False), models(decision, True)
    given = _given(ensemble, images, decision)
    asked = []
    for image, answers in zip(images, given.transpose(1, 0, 2), strict=True):
        full, short = whole.run({"image": image[None]}), early.run({"image": image[None]})
        assert np.abs(full["probabilities"] - answers.mean(0)).max() < CLOSE
        count = int(short["branches"][0])
        assert np.abs(short["probabilities"] - answers[:count].mean(0)).max() < CLOSE
        assert short["probabilities"].argmax() == full["probabilities"].argmax()
        leads = np.sort(answers.cumsum(0))[:, -1] - np.sort(answers.cumsum(0))[:, -2]
        certain = leads > np.arange(4, -1, -1)
        assert count == (int(certain.argmax()) + 1 if certain.any() else 5)
        asked.append(count)
    assert len(set(asked)) > 1  # the images are neither all easy nor all difficult


def test_a_batch_is_asked_until_the_last_image_is_certain(ensemble: Esr, models: Callable[..., Session]) -> None:
    session = models("vote", True)
    images = _images(4)
    counts = [int(session.run({"image": image[None]})["branches"][0]) for image in images]
    answer = session.run({"image": images})
    assert answer["branches"].tolist() == [max(counts)]
    labels = _given(ensemble, images, "vote").sum(0).argmax(1)
    assert np.array_equal(answer["probabilities"].argmax(1), labels)


def test_the_file_says_what_the_node_needs(models: Callable[..., Session], tmp_path: Path) -> None:
    session = models("mean", False)
    assert json.loads(session.metadata["labels"]) == list(LABELS)
    assert [(tensor.name, tensor.shape) for tensor in session.inputs] == [("image", (None, 96, 96, 3))]
    answer = session.run({"image": _images(2)})
    assert answer["probabilities"].sum(1) == pytest.approx([1, 1], abs=1e-5)
    assert np.abs(answer["valence_arousal"]).max() <= 1
    export_esr(Esr(len(LABELS), 1, width=16), tmp_path / "model.onnx", LABELS, ImageFormat(), affect=False)
    assert [tensor.name for tensor in Session(tmp_path / "model.onnx").outputs] == ["probabilities"]


def test_images_are_given_as_in_the_training(tmp_path: Path) -> None:
    """Weights of OpenDR were trained on BGR."""
    torch.manual_seed(0)
    ensemble = Esr(len(LABELS), 1, width=16).eval()
    images = ImageFormat(channels="bgr", mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    export_esr(ensemble, tmp_path / "model.onnx", LABELS, images)
    image = _images(2)
    planes = (image[..., ::-1] / 255 - images.mean) / images.std
    with torch.no_grad():
        expected = ensemble(torch.from_numpy(planes.astype(np.float32)).permute(0, 3, 1, 2)).logits.softmax(2).mean(0)
    found = Session(tmp_path / "model.onnx", threads=1).run({"image": image})["probabilities"]
    assert np.abs(found - expected.numpy()).max() < CLOSE
