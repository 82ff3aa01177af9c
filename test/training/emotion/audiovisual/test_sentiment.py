"""Training on the features of MOSEI, in the layout in which they were published, on tiny made ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.training.common.command import application
from opendr_perception.training.emotion.audiovisual import sentiment
from opendr_perception.training.emotion.audiovisual.sentiment import read_mosei, scaled


def part(count: int, seed: int) -> dict[str, np.ndarray]:
    """Sentences whose sound and face both tell the score; one number of the sound is infinite, as some of MOSEI's."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(1, 3, count) * rng.choice([-1, 1], count)
    audio, vision = rng.normal(size=(count, 20, 74)), rng.normal(size=(count, 20, 35))
    audio[:, :, :8] += scores[:, None, None]
    vision[:, :, :8] += scores[:, None, None]
    audio[0, 0, 70] = -np.inf
    return {"audio": audio, "vision": vision, "labels": scores[:, None, None]}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mosei") / "mosei.npz"
    parts = {"train": part(48, 0), "valid": part(4, 1), "test": part(40, 2)}
    np.savez(path, **{f"{name}_{what}": values for name, each in parts.items() for what, values in each.items()})
    return path


def test_a_training_learns_from_either_modality(features: Path, tmp_path: Path) -> None:
    app = application(sentiment.main)
    command = [str(features), "--steps", "30", "--output", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert all(figures[name]["accuracy"] > 0.8 and figures[name]["correlation"] > 0.5 for name in ("av", "a", "v"))
    again = CliRunner().invoke(app, command)  # nothing is done twice
    assert json.loads((tmp_path / "figures.json").read_text()) == figures, again.output
    assert CliRunner().invoke(app, [*command, "--dropout", "some"]).exit_code == 2


def test_features_are_finite_and_scaled_as_those_that_are_learnt(features: Path) -> None:
    parts = scaled(read_mosei(features))
    assert (parts["train"].audio.shape, parts["test"].video.shape) == ((48, 74, 20), (40, 35, 20))
    assert all(np.isfinite(each.audio).all() for each in parts.values())
    assert abs(parts["train"].audio.mean()) < 0.01
    assert parts["train"].scores.shape == (48,)


@pytest.mark.parametrize("left_out", ["train_audio", "test_labels", ""])
def test_what_is_none_is_refused(left_out: str, features: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    with np.load(features) as found:
        np.savez(path, **{name: found[name] for name in found.files if name != left_out})
    if not left_out:
        path.write_bytes(b"no archive")
    with pytest.raises(DatasetError, match="no features of MOSEI"):
        read_mosei(path)
    result = CliRunner().invoke(application(sentiment.main), [str(path)])
    assert result.exit_code == 1
