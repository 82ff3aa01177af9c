"""Results do not depend on how the stream is cut; a file that is no model is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.sound.classify import SoundClassifier, SoundModel, SoundResult
from opendr_perception.tasks.sound.recording import read_sound

DATA = next(
    (up / "shared" / "data" for up in Path(__file__).parents if (up / "shared" / "data").is_dir()), Path("none")
)
MODELS = [name for name in ("sound-environment", "sound-digits") if name in zoo.load_manifest().own]


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> SoundModel:
    return SoundModel(Session(zoo.require(request.param).path, threads=1))


def test_what_is_heard_does_not_depend_on_the_chunks(model: SoundModel) -> None:
    rng = np.random.default_rng(2)
    sound = (rng.normal(0, 0.1, 48000) * (1 + np.sin(np.arange(48000) / 3000))).astype(np.float32)
    whole = list(SoundClassifier(model, 0.5).push(sound))
    classifier, pieces, place = SoundClassifier(model, 0.5), list[SoundResult](), 0
    while place < len(sound):
        size = int(rng.choice([1, 33, 320, 5000]))
        pieces += classifier.push(sound[place : place + size])
        place += size
    assert len(pieces) == len(whole) > 5
    for piece, one in zip(pieces, whole, strict=True):
        np.testing.assert_allclose(piece.probabilities, one.probabilities, atol=1e-4)
        assert (piece.end, piece.warm) == (one.end, one.warm)
    steps = np.diff([heard.end for heard in whole]) / 16000
    assert np.all(steps == SoundClassifier(model, 0.5).period)
    assert all(heard.probabilities.sum() == pytest.approx(1, abs=1e-4) for heard in whole)


def test_digital_silence_is_unknown(model: SoundModel) -> None:
    assert {heard.label for heard in SoundClassifier(model, 0.5).push(np.zeros(80000, np.float32))} == {"unknown"}


def test_who_is_not_sure_says_unknown(model: SoundModel) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
    assert {heard.label for heard in SoundClassifier(model, 1.0).push(sound)} == {"unknown"}


def test_real_sounds_of_the_fold_that_was_not_learnt_are_named() -> None:
    """The network has not heard fold 1."""
    files = sorted((DATA / "esc10").glob("*/1-*.ogg"))
    if not files:
        pytest.skip(f"real sounds are not here: {DATA / 'esc10'}")
    environment = SoundModel(Session(zoo.require("sound-environment").path, threads=1))
    right = []
    for file in files[::3]:
        heard = SoundClassifier(environment, 0.0).push(read_sound(file, 16000))
        mean = np.mean([each.probabilities for each in heard], axis=0)
        right.append(environment.labels[int(mean.argmax())] == file.parent.name[4:].replace("_", " ").lower())
    assert np.mean(right) >= 0.7


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        ({}, "not a network that names sounds"),
        ({"labels": '["a"]'}, "lack 'unknown'"),
        ({"mel": '{"x": 1}'}, "features x"),
    ],
)
def test_a_model_that_is_none_is_refused(texts: dict[str, str], line: str, tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    if texts:
        built = onnx.load(zoo.require("sound-environment").path)
        kept = {each.key: each.value for each in built.metadata_props} | texts
        del built.metadata_props[:]
        onnx.helper.set_model_props(built, kept)
        onnx.save(built, path)
    else:
        onnx.save(onnx.load(zoo.require("presence-1080p").path), path)
    with pytest.raises(EngineError, match=line):
        SoundModel(Session(path, threads=1))
