"""From recordings to a model that is right about hearts which are easy to tell apart, and to its figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.signals.heart import evaluate_heart
from opendr_perception.evaluate.signals.sets import HeartRecording
from opendr_perception.training.common.command import application
from opendr_perception.training.common.weights import save
from opendr_perception.training.signals import train
from opendr_perception.training.signals.data import HeartExample, chances, examples_of, varied_beats
from opendr_perception.training.signals.export import export_weights, load
from opendr_perception.training.signals.simulate import electrocardiogram, intervals


def recording(name: str, sick: bool, seed: int) -> np.ndarray:
    between = intervals(28, 95 if sick else 70, 0.22 if sick else 0.02, seed)
    return electrocardiogram(between, 300, fibrillation=sick, seed=seed)[0]


@pytest.fixture(scope="module")
def made_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty hearts in the layout of CinC 2017: ten beat as they should, ten fibrillate."""
    folder = tmp_path_factory.mktemp("cinc2017")
    rows = []
    for place in range(20):
        name, sick = f"A{place:05d}", place % 2 == 1
        savemat(folder / f"{name}.mat", {"val": (1000 * recording(name, sick, place)).astype(np.int16)[None]})
        rows.append(f"{name},{'A' if sick else 'N'}")
    (folder / "REFERENCE-v3.csv").write_text("\n".join(rows))
    return folder


def test_a_training_writes_a_model_that_tells_hearts_apart(made_set: Path, tmp_path: Path) -> None:
    command = [str(made_set), "--output", str(tmp_path), "--steps", "60", "--only", "0"]
    app = application(train.main)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    weights = tmp_path / "heart-rhythm" / "1" / "heart-rhythm.npz"
    network, card = load(weights)
    assert not network.training and card["left out"] == "0" and "--steps 60" in card["command"]
    figures = json.loads((weights.parent / "figures-0.json").read_text())
    assert figures["balanced accuracy"] == 1
    export_weights(weights, tmp_path / "model.onnx")
    report = evaluate_heart(made_set, Session(tmp_path / "model.onnx", threads=1), "test").as_dict()
    values = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert values["recordings"] == figures["examples"] == 4
    assert values["balanced accuracy"] == 1


def test_a_training_begins_with_the_front_end_of_another(tmp_path: Path) -> None:
    known = train.KINDS["heart-beats"].network()
    save(known, tmp_path / "known.npz", {"labels": list("abcd"), "kind": "ecg", "shape": {"window": 1}})
    settings = train.Settings("heart-rhythm", "0", 10, begin_with=str(tmp_path / "known.npz"))
    begun = train.Trainer(settings, [HeartExample(np.zeros((1, 252), np.float32), 0, "1")], tmp_path / "checkpoint.pt")
    for name, value in known.encoder.state_dict().items():
        assert value.equal(begun.network.encoder.state_dict()[name]), name
    assert not known.bag.codebook.codebook.equal(begun.network.bag.codebook.codebook)


def test_beats_become_examples_with_their_labels_and_are_kept(tmp_path: Path) -> None:
    signal, beats = electrocardiogram(intervals(20, 75), 360, ventricular={7, 12})
    labels = tuple("ventricular" if place in (7, 12) else "" if place == 3 else "normal" for place in range(20))
    one = HeartRecording("1", signal, 360.0, "", "DS1", beats, labels)
    names = ["normal", "ventricular"]
    found = examples_of([one], names, None, tmp_path / "tokens.npz")
    assert [each.label for each in found].count(1) == 2 and len(found) >= 16
    again = examples_of([one], names, None, tmp_path / "tokens.npz")
    np.testing.assert_array_equal(found[5].tokens, again[5].tokens)


def test_labels_are_alike_within_each_group() -> None:
    kinds = [("a", 0)] * 8 + [("a", 1)] * 2 + [("b", 0)] * 1 + [("b", 1)] * 4
    examples = [HeartExample(np.zeros((1, 1), np.float32), label, group) for group, label in kinds]
    drawn = chances(examples, balanced=True, by_group=True)
    by_kind = {kind: sum(p for p, other in zip(drawn, kinds, strict=True) if other == kind) for kind in set(kinds)}
    assert by_kind["a", 0] == pytest.approx(by_kind["a", 1]) and by_kind["b", 0] == pytest.approx(by_kind["b", 1])
    assert drawn.sum() == pytest.approx(1)


def test_beats_are_varied_and_stay_beats() -> None:
    beats = np.random.default_rng(0).normal(size=(5, 252)).astype(np.float32)
    varied = varied_beats(beats, np.random.default_rng(1), flip=False)
    assert varied.shape == beats.shape and varied.dtype == np.float32
    assert 0.5 < abs(np.corrcoef(varied[0, 240:], beats[0, 240:])[0, 1]) <= 1
    assert not np.array_equal(varied, beats)
