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
from opendr_perception.evaluate.sound import (
    RATE,
    LabelledSound,
    groups,
    read_digits,
    read_esc,
    read_folder,
    read_genres,
    read_scenes,
)
from opendr_perception.tasks.sound.classify import SoundClassifier, SoundModel
from opendr_perception.training.common.command import application
from opendr_perception.training.sound import classification, export, spoken
from opendr_perception.training.sound.examples import (
    IGNORED,
    QUIET,
    Distortion,
    Timing,
    _echoed,
    _warped,
    noises,
    pseudo_words,
)

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


def test_scenes_and_genres_are_read_in_the_layouts_of_their_sets(tmp_path: Path) -> None:
    scenes = tmp_path / "TUT"
    for name, scene in (("b020_90_100", "beach"), ("b021_0_10", "park"), ("a001_0_10", "beach")):
        write(scenes / "audio" / f"{name}.wav", tone(300, 0.5, 0))
        with (scenes / "meta.txt").open("a") as file:
            file.write(f"audio/{name}.wav\t{scene}\tplace\n")
    (scenes / "evaluation_setup").mkdir()
    (scenes / "evaluation_setup" / "fold1_evaluate.txt").write_text("audio/b020_90_100.wav\tbeach\n")
    assert [(each.label, each.group) for each in read_scenes(scenes)] == [
        ("beach", "1"),
        ("park", "b021"),
        ("beach", "a001"),
    ]
    urban = tmp_path / "urban"
    write(urban / "audio" / "airport-lyon-1095-40173-a.wav", tone(300, 0.5, 0), 48000)
    (urban / "meta.csv").write_text("filename\tscene_label\taudio/x\naudio/airport-lyon-1095-40173-a.wav\tairport\tx\n")
    [one] = read_scenes(urban)
    assert (one.label, one.group, len(one.samples)) == ("airport", "lyon-1095", 8000 // 3 + 1)
    for number in (0, 17):
        write(tmp_path / "gtzan" / "genres" / "blues" / f"blues.{number:05d}.wav", tone(300, 0.5, 0), 22050)
    assert [(each.label, each.group) for each in read_genres(tmp_path / "gtzan")] == [("blues", "0"), ("blues", "7")]
    for reader in (read_scenes, read_genres):
        with pytest.raises(ValueError, match="is here"):
            reader(tmp_path)


@pytest.mark.parametrize("kind", ["scenes", "genres"])
def test_a_training_on_scenes_or_genres_learns_and_measures(kind: str, tmp_path: Path) -> None:
    for k in range(2):
        for name, frequency in TONES.items():
            if kind == "scenes":
                write(tmp_path / "set" / "audio" / f"{k}x{name}_0.wav", tone(frequency, 4.0, k))
                with (tmp_path / "set" / "meta.txt").open("a") as file:
                    file.write(f"audio/{k}x{name}_0.wav\t{name}\n")
            else:
                write(tmp_path / "set" / name / f"{name}.0000{k}.wav", tone(frequency, 4.0, k))
    group = "0" if kind == "genres" else "0xdog"
    options = ["--data", str(tmp_path / "set"), "--steps", "1", "--only", group, "--output", str(tmp_path)]
    app = application(classification.main)
    result = CliRunner().invoke(app, [kind, *options])
    assert result.exit_code == 0, result.output
    weights = tmp_path / kind / f"sound-{kind}.npz"
    assert yaml.safe_load(weights.with_suffix(".yaml").read_text())["labels"] == ["dog", "rain", "unknown"]
    refused = CliRunner().invoke(app, [kind, "--steps", "1"])
    assert refused.exit_code == 1
    stranger = [kind, "--data", str(tmp_path / "set"), "--keep", "nobody", "--output", str(tmp_path)]
    assert "no group 'nobody'" in " ".join(CliRunner().invoke(app, stranger).output.split())


def test_words_are_spoken_by_many_voices_where_the_synthesiser_is(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    monkeypatch.setattr(spoken.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt install espeak-ng"):
        spoken.spoken_digits(1, rng)
    monkeypatch.undo()
    if spoken.shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    found = spoken.spoken_digits(4, rng)
    assert [(each.label, each.group) for each in found] == [(d, "espeak-ng") for d in ("zero", "one", "two", "three")]
    assert all(0.1 < len(each.samples) / RATE < 1.5 and np.abs(each.samples).max() > 0.05 for each in found)


def test_distortions_change_pitch_speed_and_room_and_keep_what_they_must() -> None:
    rng = np.random.default_rng(0)
    frames = np.full((40, 32), QUIET, np.float32)
    frames[10:30, 8] = 0.0
    assert _warped(frames, Distortion(0.0), rng) is frames
    warped = _warped(frames, Distortion(0.0, warp=0.1, stretch=0.2), rng)
    assert warped.shape[1] == 32
    assert warped.shape[0] != 40
    power = np.zeros((60, 2), np.float32)
    power[5] = 1.0
    echoed = _echoed(power, rng)
    assert echoed.dtype == np.float32
    assert not echoed[:5].any()
    assert (np.diff(echoed[6:, 0]) < 0).all()
    assert echoed[:, 0].sum() == pytest.approx(1, abs=0.2)


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
    arguments = {"esc": esc, "digits": digits, "steps": 30, "output": tmp_path / "out", "keep": "2"}
    classification.main("environment", **arguments)
    folder = tmp_path / "out" / "environment"
    card = yaml.safe_load((folder / "sound-environment.yaml").read_text())
    assert card["labels"] == ["dog", "rain", "unknown"]
    assert card["figures"]["accuracy"]["mean"] >= 0.75, "two tones are easily told apart"
    assert sorted(card["figures"]["by group left out"]) == ["1", "2"]
    assert "--keep 2" in card["command"]
    assert card["recordings"] == 8, "group 2 is what measures it"
    before = json.loads((folder / "figures-1.json").read_text())
    classification.main("environment", **arguments)  # nothing is done twice
    assert json.loads((folder / "figures-1.json").read_text()) == before

    export.export_weights(folder / "sound-environment.npz", tmp_path / "sound.onnx")
    model = SoundModel(Session(tmp_path / "sound.onnx", threads=1))
    for name, frequency in TONES.items():
        heard = list(SoundClassifier(model, 0.3).push(tone(frequency, 5.0, 77).astype(np.float32)))
        assert heard[-1].label == name


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    app = application(classification.main)
    ended = CliRunner().invoke(app, ["music", "--esc", str(tmp_path), "--digits", str(tmp_path)])
    assert ended.exit_code == 2
