"""Training to name sounds, on tiny made recordings in the layouts of the real sets."""

from __future__ import annotations

import csv
import json
import wave
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.tasks.sound.classify import SoundClassifier, SoundModel
from opendr_perception.training.sound import classification, export
from opendr_perception.training.sound.examples import IGNORED, Timing, noises, pseudo_words
from opendr_perception.training.sound.recordings import RATE, LabelledSound, groups, read_digits, read_esc, read_folder

TONES = {"dog": 300.0, "rain": 2500.0}


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32000).astype("<i2").tobytes())


def tone(frequency: float, seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.4 * np.sin(2 * np.pi * frequency * rng.uniform(0.97, 1.03) * time) + rng.normal(0, 0.005, len(time))


@pytest.fixture
def esc(tmp_path: Path) -> Path:
    """Two classes in two folds, in the layout of ESC-50, with a file that is not of ESC-10."""
    folder, rows = tmp_path / "esc", []
    for fold in (1, 2):
        for name, frequency in TONES.items():
            for k in range(4):
                file = f"{fold}-{k}-{name}.wav"
                write(folder / "audio" / file, tone(frequency, 5.0, 10 * fold + k))
                rows.append((file, fold, name, "True"))
    rows.append(("1-9-cat.wav", 1, "cat", "False"))
    (folder / "meta").mkdir()
    with (folder / "meta" / "esc50.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("filename", "fold", "category", "esc10"), *rows])
    return folder


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    for speaker in ("ann", "bob"):
        for digit in (0, 1):
            for k in range(2):
                path = tmp_path / "digits" / "recordings" / f"{digit}_{speaker}_{k}.wav"
                write(path, tone(400.0 + 900 * digit, 0.4, k))
    return tmp_path / "digits"


def test_sets_are_read_in_their_own_and_in_compact_layouts(esc: Path, digits: Path, tmp_path: Path) -> None:
    found = read_esc(esc)
    assert (len(found), groups(found), sorted({each.label for each in found})) == (16, ["1", "2"], ["dog", "rain"])
    write(tmp_path / "compact" / "001_Dog_bark" / "3-17.wav", tone(300, 1, 0))
    (one,) = read_esc(tmp_path / "compact")
    assert (one.label, one.group, len(one.samples)) == ("dog bark", "3", RATE)
    spoken = read_digits(digits)
    assert {(each.label, each.group) for each in spoken} == {(d, s) for d in ("zero", "one") for s in ("ann", "bob")}
    assert len(read_folder(digits)) == 8
    for reader in (read_esc, read_digits):
        with pytest.raises(ValueError, match="is here"):
            reader(tmp_path)


def test_a_token_has_to_know_what_it_can_know() -> None:
    sound = Timing(field=10, hop=4, frames=50, need=8, keep=0)
    labels = sound.labels(2, 9, start=20, length=100)
    ends = np.arange(sound.tokens) * 4 + 10
    assert labels.tolist() == [9 if e <= 20 else IGNORED if e < 28 else 2 for e in ends]
    word = Timing(field=10, hop=4, frames=60, need=0, keep=12)
    assert word.labels(2, 9, start=12, length=20).tolist() == [
        9 if e <= 12 else 2 if 32 <= e < 44 else IGNORED for e in np.arange(word.tokens) * 4 + 10
    ]


def test_what_is_none_of_the_classes_is_made(digits: Path) -> None:
    rng = np.random.default_rng(0)
    made = noises(30, 1.0, rng)
    assert any(not each.samples.any() for each in made)
    assert all(np.abs(each.samples).max() <= 1 for each in made)
    words = read_digits(digits)
    assert all(isinstance(each, LabelledSound) and each.label == "unknown" for each in pseudo_words(words, 20, rng))


@pytest.mark.slow
def test_a_training_learns_resumes_measures_and_is_shipped(
    esc: Path, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = classification.KINDS["environment"]
    shape = {"widths": (4, 8, 8, 8), "pools": (2, 2, 2, 2), "channels": 16, "window": 20}
    monkeypatch.setitem(classification.KINDS, "environment", classification.replace(kind, shape=shape, speeds=(1.0,)))
    arguments = {"esc": esc, "digits": digits, "steps": 30, "output": tmp_path / "out"}
    classification.main("environment", **arguments)
    folder = tmp_path / "out" / "environment"
    card = yaml.safe_load((folder / "sound-environment.yaml").read_text())
    assert card["labels"] == ["dog", "rain", "unknown"]
    assert card["figures"]["accuracy"]["mean"] >= 0.75, "two tones are easily told apart"
    assert sorted(card["figures"]["by group left out"]) == ["1", "2"]
    before = json.loads((folder / "figures-1.json").read_text())
    classification.main("environment", **arguments)  # nothing is done twice
    assert json.loads((folder / "figures-1.json").read_text()) == before

    export.export_weights(folder / "sound-environment.npz", tmp_path / "sound.onnx")
    model = SoundModel(Session(tmp_path / "sound.onnx", threads=1))
    for name, frequency in TONES.items():
        heard = list(SoundClassifier(model, 0.3).push(tone(frequency, 5.0, 77).astype(np.float32)))
        assert heard[-1].label == name


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(classification.main)
    ended = CliRunner().invoke(app, ["music", "--esc", str(tmp_path), "--digits", str(tmp_path)])
    assert ended.exit_code == 2
