"""Temporal networks that learned from films: what `training.emotion.temporal.train_videos` exports, in `temporal:=`."""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from opendr_perception import zoo
from opendr_perception.engine.export import export
from opendr_perception.engine.session import EngineError
from opendr_perception.networks.emotion.nac_tcn import CONFIGS, ConfigName
from opendr_perception.tasks.emotion import EXPRESSIONS, FacesOfImage, FaceView, Settings, build
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.perceiver import Moment
from opendr_perception.training.emotion.temporal.data import AFFECT, EMOTIONS
from opendr_perception.zoo.cache import sha256_of

FACE = np.array([175.0, 60.0, 275.0, 170.0])


@functools.cache
def untrained(values: tuple[str, ...], features: int, name: ConfigName) -> bytes:
    """A model as train_videos writes it, exported once."""
    torch.manual_seed(0)
    config = replace(CONFIGS[name], in_channels=features, outputs=len(values), squash=values == AFFECT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        export(config.build().eval(), path, metadata={"labels": json.dumps(values)})
        return path.read_bytes()


def exported(
    path: Path, encoder: str, values: tuple[str, ...] = AFFECT, features: int = 7, name: ConfigName = "afew-sm"
) -> Path:
    """A model that says from what its features came."""
    model = onnx.load_from_string(untrained(values, features, name))
    told = {each.key: each.value for each in model.metadata_props} | {"encoder": encoder}
    onnx.helper.set_model_props(model, told)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def encoder(models: dict[str, zoo.ModelFile]) -> str:
    return f"{sha256_of(models['face-expression'].path)} probabilities"


def perceive(temporal: Path, portrait: Image, tracks: list[str], count: int = 3, **fields: Any) -> Any:
    perceiver = build(Settings(model="face-expression", temporal=str(temporal), threads=1))
    memory = perceiver.new_memory()
    for index in range(count):
        faces = [FaceView(FACE + 2 * k, track=track, **fields) for k, track in enumerate(tracks)]
        moment = Moment(FacesOfImage(portrait, faces), memory, 10 + index / 30)
        [answer] = perceiver.perceive([moment])
    return answer


@pytest.fixture
def portrait(astronaut: np.ndarray) -> Image:
    return Image(astronaut, "bgr8")


def test_valence_and_arousal_come_from_the_network_and_expressions_from_frames(
    encoder: str, portrait: Image, tmp_path: Path
) -> None:
    answer = perceive(exported(tmp_path / "affect.onnx", encoder), portrait, ["1", ""])
    assert tuple(answer.labels) == EXPRESSIONS
    known, passing = answer.faces
    assert (known.frames, passing.frames) == (3, 0)
    for face in answer.faces:
        assert EXPRESSIONS[int(face.probabilities.argmax())] == "happy"
        assert -1 <= face.valence <= 1
        assert -1 <= face.arousal <= 1
    assert known.valence != passing.valence, "who was seen before is judged by more frames"


def test_emotions_of_films_are_published_with_their_names(encoder: str, portrait: Image, tmp_path: Path) -> None:
    path = exported(tmp_path / "emotions.onnx", encoder, EMOTIONS, name="emoreact-sm")
    answer = perceive(path, portrait, ["1", ""])
    assert tuple(answer.labels) == EMOTIONS
    for face in answer.faces:
        assert face.probabilities.shape == (len(EMOTIONS),)
        assert face.probabilities.sum() == pytest.approx(1)
        assert np.isfinite([face.valence, face.arousal]).all()


def test_who_looks_away_is_believed_less(encoder: str, portrait: Image, tmp_path: Path) -> None:
    [away] = perceive(
        exported(tmp_path / "a.onnx", encoder), portrait, ["1"], angles=(np.deg2rad(80.0), 0.0, 0.0)
    ).faces
    assert (away.valence, away.arousal) == (0, 0)
    path = exported(tmp_path / "emotions.onnx", encoder, EMOTIONS, name="emoreact-sm")
    [away] = perceive(path, portrait, ["1"], angles=(np.deg2rad(80.0), 0.0, 0.0)).faces
    assert away.probabilities == pytest.approx(np.full(len(EMOTIONS), 1 / len(EMOTIONS)))


@pytest.mark.parametrize(
    ("sha256", "features", "problem"),
    [
        ("0" * 64, 7, "another network than .*sha256 begins with 000000000000.*let 'model' name that one"),
        ("", 9, "it takes 9 numbers of a frame and says 2, named valence, arousal; .* gives 7"),
    ],
)
def test_networks_for_other_features_are_refused_in_one_line(
    encoder: str, portrait: Image, tmp_path: Path, sha256: str, features: int, problem: str
) -> None:
    text = f"{sha256} probabilities" if sha256 else encoder
    with pytest.raises(EngineError, match=problem) as caught:
        perceive(exported(tmp_path / "other.onnx", text, features=features), portrait, ["1"])
    assert "\n" not in str(caught.value)
