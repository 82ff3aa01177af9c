"""The small network of expressions: equalised faces, variation, training that goes on, calibration, and its model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.emotion.sets import FaceCrops
from opendr_perception.networks.emotion.compact import CompactNet, equalised, grey
from opendr_perception.tasks.emotion import ExpressionNet, FaceView
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.common.command import application
from opendr_perception.training.common.muon import orthogonal
from opendr_perception.training.common.weights import save
from opendr_perception.training.emotion.compact import faces as learning
from opendr_perception.training.emotion.compact.calibration import apply, error_of_other_half, fit, logits_of
from opendr_perception.training.emotion.compact.export import export_compact
from opendr_perception.training.emotion.compact.faces import learned_from
from opendr_perception.training.emotion.compact.targets import Teachers, mixed, network_of
from opendr_perception.training.emotion.compact.train import Settings, Trainer, main
from opendr_perception.training.emotion.compact.variation import vary

LABELS = ("neutral", "happy")
TINY = Settings(steps=6, batch=4, width=4, blocks=(1, 1), average=0.5)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def drawn(count: int = 24, seed: int = 0) -> FaceCrops:
    """Faces with mouths that are straight, and mouths that are bent."""
    rng, images = np.random.default_rng(seed), []
    labels = np.arange(count) % 2
    for label in labels:
        face = np.full((48, 48), rng.integers(120, 200), np.uint8)
        cv2.circle(face, (15, 17), 3, 20, -1)
        cv2.circle(face, (33, 17), 3, 20, -1)
        ends = ((14, 34), (34, 34)) if label == 0 else ((14, 28), (34, 28))
        points = np.array([ends[0], (24, 36 if label else 34), ends[1]], np.int32) + rng.integers(-2, 3, (1, 2))
        cv2.polylines(face, [points.astype(np.int32)], False, 10, 2)
        images.append(np.clip(face + rng.normal(0, 6, face.shape), 0, 255).astype(np.uint8))
    parts = np.where(np.arange(count) < 2 * count // 3, "train", "validation")
    return FaceCrops(LABELS, np.stack(images), labels.astype(np.int64), parts)


def test_grey_and_equalised_are_those_of_opencv() -> None:
    rng = np.random.default_rng(2)
    images = (rng.integers(60, 90, (3, 48, 48, 3)) + np.arange(48)[None, None, :, None]).astype(np.uint8)
    planes = grey(torch.from_numpy(images))
    for own, image in zip(planes.numpy(), images, strict=True):
        expected = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        np.testing.assert_allclose(own[0], expected, atol=1)
        even = (equalised(torch.from_numpy(expected[None, None].astype(np.float32)))[0, 0].numpy() + 1) * 127.5
        np.testing.assert_allclose(even, cv2.equalizeHist(expected), atol=1)
    flat = equalised(torch.full((1, 1, 4, 4), 77.0))
    assert torch.isfinite(flat).all(), "an image of one grey is no trouble"


def test_light_and_exposure_change_nothing() -> None:
    [image] = drawn(1).images
    darker = (0.4 * image.astype(np.float32) + 20).astype(np.uint8)
    even = equalised(torch.from_numpy(np.stack([image, darker]).astype(np.float32))[:, None])
    assert (even[0] - even[1]).abs().mean() < 0.1


def test_variation_is_that_of_its_source_and_keeps_the_range() -> None:
    faces = torch.from_numpy(drawn(16).images.astype(np.float32))[:, None]
    once, again, other = (vary(faces, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert once.shape == faces.shape
    assert 0 <= once.min() <= once.max() <= 255


def test_directions_of_muon_have_the_same_length() -> None:
    matrix = torch.randn(6, 40, generator=torch.Generator().manual_seed(0))
    for wide in (matrix, matrix.T):
        values = torch.linalg.svdvals(orthogonal(wide))
        assert 0.4 < values.min() < values.max() < 1.6


def test_images_for_measuring_are_not_learned() -> None:
    crops = drawn()
    twin = np.flatnonzero(crops.part == "validation")[0]
    images = crops.images.copy()
    images[3] = images[twin]
    learned = learned_from(FaceCrops(crops.labels, images, crops.label, crops.part))
    assert 3 not in learned
    assert set(learned) <= set(np.flatnonzero(crops.part == "train"))


@pytest.fixture
def all_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn faces are too alike for `learned_from`."""
    monkeypatch.setattr(learning, "learned_from", lambda crops: np.flatnonzero(crops.part == "train"))


@pytest.mark.usefixtures("all_learned")
def test_a_training_goes_on_from_other_weights(tmp_path: Path) -> None:
    torch.manual_seed(5)
    start = CompactNet(len(LABELS), TINY.width, TINY.blocks)
    save(start, tmp_path / "start.npz", {})
    trainer = Trainer(TINY, drawn(), tmp_path / "a.pt", start=tmp_path / "start.npz")
    for own, before in zip(trainer.network.state_dict().values(), start.state_dict().values(), strict=True):
        assert torch.equal(own, before)
    settled = Trainer(replace(TINY, steps=0), drawn(), tmp_path / "c.pt", start=tmp_path / "start.npz").result()
    for name, value in start.state_dict().items():
        if "tracked" not in name:
            assert torch.equal(settled.state_dict()[name], value) != ("running" in name), "only statistics change"
    other = tmp_path / "other.npz"
    save(CompactNet(len(LABELS), 2 * TINY.width, TINY.blocks), other, {})
    with pytest.raises(ValueError, match="shape"):
        Trainer(TINY, drawn(), tmp_path / "b.pt", start=other)


@pytest.mark.usefixtures("all_learned")
def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    through = Trainer(TINY, drawn(), tmp_path / "a.pt")
    list(through.run())
    interrupted = Trainer(TINY, drawn(), tmp_path / "b.pt")
    steps = interrupted.run()
    for _ in range(3):
        next(steps)
    interrupted.save()
    resumed = Trainer(TINY, drawn(), tmp_path / "b.pt")
    resumed.resume()
    assert [step for step, _, _ in resumed.run()] == [4, 5, 6]
    for one, other in zip(through.result().state_dict().values(), resumed.result().state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)
    with pytest.raises(ValueError, match="other settings"):
        Trainer(Settings(steps=7, batch=4, width=4), drawn(), tmp_path / "b.pt").resume()


@pytest.mark.usefixtures("all_learned")
def test_a_network_follows_its_teachers_in_turns(tmp_path: Path) -> None:
    crops = drawn()
    teacher = Trainer(TINY, crops, tmp_path / "a.pt")
    list(teacher.run())
    card = {"labels": list(LABELS), "settings": {"width": 4, "blocks": [1, 1], "stride": 2}}
    files = [tmp_path / name for name in ("one.npz", "two.npz")]
    for file in files:
        save(teacher.result(), file, card)
    faces, frequency = torch.randn(3, 1, 48, 48), torch.zeros(2)
    taught = Teachers(files, torch.device("cpu"))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        same = network_of(files[1])(faces).float()
    assert taught.loss(faces, same, frequency, 1) < taught.loss(faces, -same, frequency, 1)
    student = Trainer(replace(TINY, teachers=("one.npz", "two.npz")), crops, tmp_path / "b.pt", "cpu", files)
    assert all(torch.isfinite(loss) for _, loss, _ in student.run())
    assert not any(weight.requires_grad for network in taught.networks for weight in network.parameters())


def test_faces_are_mixed_as_their_labels_are() -> None:
    faces, labels = torch.arange(4.0)[:, None, None, None].expand(-1, 1, 2, 2), torch.arange(4)
    mixture, shares = mixed(faces, labels, 4, 0.4, seed=3)
    torch.testing.assert_close(mixture[:, 0, 0, 0], shares @ torch.arange(4.0))
    torch.testing.assert_close(shares.sum(1), torch.ones(4))
    assert torch.equal(mixed(faces, labels, 4, 0.0, seed=3)[0], faces)


@pytest.mark.usefixtures("all_learned")
def test_it_learns(tmp_path: Path) -> None:
    crops = drawn(120)
    trainer = Trainer(Settings(steps=60, batch=16, width=8, blocks=(1, 1, 1), average=0.9), crops, tmp_path / "a.pt")
    list(trainer.run())
    kept = crops.part == "validation"
    logits = logits_of(trainer.result(), crops.images[kept])
    assert (logits.argmax(1).numpy() == crops.label[kept]).mean() > 0.8


def test_a_calibration_makes_scores_true_and_becomes_part_of_the_weights() -> None:
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (4000,), generator=rng)
    known = torch.where(torch.rand(4000, generator=rng) < 0.8, labels, 1 - labels)
    sure = 6.0 * torch.nn.functional.one_hot(known, 2).float()
    calibration = fit(sure, labels, torch.tensor([50, 50]))
    assert (sure / calibration.temperature).softmax(1).amax(1).mean() == pytest.approx(0.8, abs=0.02)
    assert error_of_other_half(sure, labels, torch.tensor([50, 50])) < 0.03
    rare = fit(sure, labels, torch.tensor([90, 10]))
    assert rare.prior[0] > 0 > rare.prior[1]
    network = CompactNet(2, 4, (1, 1)).eval()
    faces = equalised(torch.from_numpy(drawn(4).images.astype(np.float32))[:, None])
    expected = (network(faces) + rare.prior) / rare.temperature
    apply(network, rare)
    torch.testing.assert_close(network(faces), expected)


def test_the_model_gives_what_the_network_gives(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = CompactNet(2, 4, (1, 1))
    network(torch.randn(8, 1, 48, 48))  # normalisations have seen something
    network.eval()
    path = tmp_path / "compact.onnx"
    export_compact(network, path, LABELS, {"terms": "research"})
    session = Session(path)
    images = drawn(5).images
    colour = np.repeat(images[..., None], 3, axis=3)
    found = session.run({"image": colour})["probabilities"]
    np.testing.assert_allclose(found, logits_of(network, images).softmax(1).detach().numpy(), atol=1e-5)
    net = ExpressionNet(session)
    assert (net.labels, net.size) == (LABELS, (48, 48))
    assert (net.crop.margin, net.crop.rise) == (1.2, 0.08)
    assert session.metadata["terms"] == "research"
    face = cv2.resize(images[0], (96, 96))
    assert net([(Image(face, "mono8"), FaceView(np.array([10.0, 10.0, 86.0, 86.0])))]).probabilities.shape == (1, 2)


def test_the_command_refuses_what_is_no_data(tmp_path: Path) -> None:
    app = application(main)
    result = CliRunner().invoke(app, ["--data", str(tmp_path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "is not FER2013" in result.output
    assert not list(tmp_path.iterdir())
