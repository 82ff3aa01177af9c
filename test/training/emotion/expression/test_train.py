"""A training of expressions learns, goes on where it ended, and leaves a model that runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.training.common.command import application
from opendr_perception.training.emotion.expression.data import FaceSet, LabelledFace, load_image, read_faces
from opendr_perception.training.emotion.expression.recipes import EsrRecipe, FaceBatch, TrainingStage, recipe
from opendr_perception.training.emotion.expression.train import Settings, Trainer, main

TINY = Settings(
    "esr2-cbam", "affectnet", 16, epochs=1, branch_epochs=1, affect_epochs=1, batch=2, per_label=1, rate=0.01
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _steps(trainer: Trainer, until: int | None = None) -> list[float]:
    losses = []
    for at in trainer.run():
        losses.append(at.loss)
        if at.step == until:
            break
    return losses


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(affectnet: Path, tmp_path: Path) -> None:
    faces = read_faces(affectnet, "affectnet")
    whole = Trainer(TINY, faces, tmp_path / "whole.pt")
    losses = _steps(whole)
    assert len(losses) == whole.steps == 6  # three stages of four images in batches of two
    parts: list[float] = []
    for end in (3, 4, None):  # interrupted in the midst of a stage, and at the end of one
        part = Trainer(TINY, faces, tmp_path / "parts.pt")
        if parts:
            part.resume()
        parts += _steps(part, end)
        part.save()
    assert parts == losses
    pairs = zip(whole.recipe.network.parameters(), part.recipe.network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert whole.evaluate() == part.evaluate()


def test_each_stage_trains_what_it_should(affectnet: Path, tmp_path: Path) -> None:
    trainer = Trainer(TINY, read_faces(affectnet, "affectnet"), tmp_path / "checkpoint.pt")
    moved = []
    run = trainer.run()
    for _ in range(3):
        before = {name: tensor.clone() for name, tensor in trainer.recipe.network.state_dict().items()}
        next(run)
        next(run)
        after = trainer.recipe.network.state_dict()
        moved.append({name for name in before if not torch.equal(before[name], after[name])})
    first, second, affect = moved
    assert any(name.startswith("base.") for name in first) and any(name.startswith("branches.0.") for name in first)
    assert not any(name.startswith("branches.1.") for name in first)
    assert any(name.startswith("branches.1.") for name in second) and any(n.startswith("base.") for n in second)
    assert affect == {f"branches.{b}.affect.{kind}" for b in (0, 1) for kind in ("weight", "bias")}


def test_ma_net_is_rewarded_for_diversity_and_learns() -> None:
    torch.manual_seed(0)
    faces = FaceBatch(torch.rand(2, 3, 224, 224), torch.tensor([0, 1]), torch.zeros(2, 2))
    losses = []
    for weight in (0.0, 1.0):
        torch.manual_seed(1)
        losses.append(recipe("ma-net", 7, 16, None, (1, 1, 0), weight).loss(TrainingStage(1), faces))
    assert losses[0] - 3 < losses[1] < losses[0]
    made = recipe("ma-net", 7, 16, None, (1, 1, 0), 1.0)
    made.loss(TrainingStage(1), faces).backward()
    assert all(
        parameter.grad is not None and parameter.grad.isfinite().all() for parameter in made.network.parameters()
    )


def test_an_ensemble_is_rewarded_for_diversity() -> None:
    torch.manual_seed(0)
    faces = FaceBatch(torch.rand(2, 3, 96, 96), torch.tensor([0, 1]), torch.zeros(2, 2))
    losses = []
    for weight in (0.0, 1.0):
        torch.manual_seed(1)
        made = recipe("esr3-cbam", 7, 16, None, (1, 1, 0), weight)
        assert isinstance(made, EsrRecipe)
        losses.append(made.loss(TrainingStage(1, 3), faces).item())
    assert losses[0] - 2 < losses[1] < losses[0]


def test_the_command_trains_and_leaves_a_model_for_the_node(affectnet: Path, tmp_path: Path) -> None:
    app = application(main)
    options = ["--data", str(affectnet), "--layout", "affectnet", "--output", str(tmp_path / "out"), "--per-label", "1"]
    options += [
        "--network",
        "esr2",
        "--width",
        "16",
        "--epochs",
        "1",
        "--branch-epochs",
        "1",
        "--batch",
        "4",
        "--early-exit",
    ]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "step 2/2" in result.output and "accuracy" in result.output
    session = Session(tmp_path / "out" / "esr2.onnx", threads=1)
    labels = json.loads(session.metadata["labels"])
    assert labels[:2] == ["neutral", "happy"] and len(labels) == 8
    image = load_image(next((affectnet / "val_set" / "images").iterdir()), 96)
    answer = session.run({"image": image[None]})
    assert answer["probabilities"].sum() == pytest.approx(1, abs=1e-5)
    assert "valence_arousal" not in answer  # it was not trained
    again = CliRunner().invoke(app, [*options, "--resume", "--seed", "2"])
    assert again.exit_code == 1 and "other settings" in again.output
    with np.load(tmp_path / "out" / "esr2.npz") as weights:
        assert "branches.1.expression.bias" in weights.files


def test_what_cannot_be_trained_is_refused(affectnet: Path, raf_db: Path, tmp_path: Path) -> None:
    faces, other = read_faces(affectnet, "affectnet"), read_faces(raf_db, "raf-db")
    for settings, data, text in (
        (Settings(network="resnet"), faces, "no network 'resnet'"),
        (Settings(batch=1), faces, "batch of 2"),
        (Settings(network="esr1", width=16, batch=99), faces, "more than the images"),
        (Settings(layout="raf-db", affect_epochs=1), other, "no valence and arousal"),
    ):
        with pytest.raises(ValueError, match=text):
            Trainer(settings, data, tmp_path / "checkpoint.pt")


def test_faces_in_memory_are_varied_there_and_resumed_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    faces = tuple(
        LabelledFace(tmp_path, k % 2, pixels=rng.integers(0, 256, (48, 48)).astype(np.uint8)) for k in range(6)
    )
    found = FaceSet(("neutral", "happy"), faces, faces[:3])
    settings = Settings("esr2", "fer2013", 8, epochs=1, branch_epochs=1, batch=2, rate=0.01)
    whole, part = (Trainer(settings, found, tmp_path / f"{name}.pt") for name in ("whole", "part"))
    losses = _steps(whole)
    part_losses = _steps(part, 4)
    part.save()
    part = Trainer(settings, found, tmp_path / "part.pt")
    part.resume()
    assert part_losses + _steps(part) == losses and len(losses) == whole.steps
    assert whole.evaluate() == part.evaluate()
    [plain], [varied], [again] = (
        list(whole.loaders[0].batches([np.array([0, 1])], moment)) for moment in (None, (1, 0, 0), (1, 0, 0))
    )
    assert plain.images.shape == (2, 3, 96, 96) and plain.labels.tolist() == [0, 1]
    assert torch.equal(varied.images, again.images) and not torch.equal(varied.images, plain.images)
    assert 0 <= varied.images.min() <= varied.images.max() <= 1
