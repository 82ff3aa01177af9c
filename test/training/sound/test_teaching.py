"""opendr-perception teach sounds: what it writes runs as the node runs it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from opendr_perception import zoo
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.sound import RATE, LabelledSound
from opendr_perception.tasks.sound import SoundClassifier, SoundModel
from opendr_perception.teach_cli import app
from opendr_perception.training.common.lessons import AdapterPlan
from opendr_perception.training.sound.export import gates_of
from opendr_perception.training.sound.labelled import gather
from opendr_perception.training.sound.teaching import SoundBeginning, learn, read_source


def tone(pitch: float, serial: int, seconds: float = 0.8) -> np.ndarray:
    """A tone, a little different each time."""
    rng = np.random.default_rng((round(pitch), serial))
    time = np.arange(round(seconds * RATE)) / RATE
    made: np.ndarray = (0.3 * np.sin(2 * np.pi * pitch * rng.uniform(0.97, 1.03) * time)).astype(np.float32)
    return made


def write(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def teach(*arguments: object) -> Result:
    torch.set_num_threads(1)
    return CliRunner().invoke(app, ["sounds", *map(str, arguments)])


@pytest.fixture(scope="module")
def source() -> SoundBeginning:
    return read_source(zoo.require("sound-environment").path, "sound-environment")


def test_two_tones_are_learned_by_adapters(source: SoundBeginning) -> None:
    torch.set_num_threads(1)
    sounds = [
        LabelledSound(tone(pitch, k), name, "") for pitch, name in ((500, "low"), (2500, "high")) for k in range(3)
    ]
    lesson = learn(source, sounds, AdapterPlan("splora", steps=3, batch=4))
    assert lesson.labels == (*source.labels, "low", "high")
    assert 0 < lesson.learned < sum(one.numel() for one in lesson.network.parameters())
    before = dict(source.network.named_parameters())
    assert not any(parameter.requires_grad is False for parameter in lesson.network.parameters())
    assert {*before} == {*dict(lesson.network.named_parameters())}  # nothing of the adapters is left
    with pytest.raises(DatasetError, match="nothing is labelled"):
        learn(source, [LabelledSound(tone(400, 0), "", "")], AdapterPlan(steps=1))


def test_with_a_head_of_its_own_what_is_known_compares_as_before(source: SoundBeginning) -> None:
    torch.set_num_threads(1)
    sounds = [
        LabelledSound(tone(pitch, k), name, "") for pitch, name in ((500, "low"), (2500, "high")) for k in range(3)
    ]
    lesson = learn(source, sounds, AdapterPlan(steps=6, batch=8))
    assert lesson.labels == (*source.labels, "low", "high")
    frames = torch.randn(2, 200, 32)
    with torch.no_grad():
        before, after = (network.recordings(frames).softmax(1) for network in (source.network, lesson.network))
    shared = after[:, : len(source.labels)]
    torch.testing.assert_close(shared / shared.sum(1, keepdim=True), before, atol=1e-4, rtol=1e-3)
    with pytest.raises(DatasetError, match="all labels are known"):
        learn(source, [LabelledSound(tone(400, 0), "rain", "")], AdapterPlan(steps=1))


def test_a_model_is_written_that_the_node_runs_and_that_can_be_taught_again(tmp_path: Path) -> None:
    for name, pitch in (("door_bell", 700), ("kettle", 2000)):
        for serial in range(2):
            write(tmp_path / "sounds" / name / f"{serial}.wav", tone(pitch, serial))
    model = tmp_path / "lab.onnx"
    result = teach(tmp_path / "sounds", "--output", model, "--steps", 2)
    assert result.exit_code == 0, result.stderr
    card = yaml.safe_load(model.with_suffix(".yaml").read_text(encoding="utf-8"))
    assert card["taught"] == {"door bell": 2, "kettle": 2}
    assert card["source"]["model"] == "sound-environment"
    opened = SoundModel(zoo.session(str(model)))
    assert opened.labels[-2:] == ("door bell", "kettle")
    answers = [*SoundClassifier(opened, 0.1).push(tone(700, 9, 2.0))]
    assert answers and answers[-1].probabilities.shape == (13,)

    recording = tmp_path / "kitchen.wav"
    write(
        recording, np.concatenate([np.full(RATE, 0.01, np.float32), tone(900, 1), np.full(5 * RATE, 0.01, np.float32)])
    )
    (tmp_path / "kitchen.csv").write_text("begin,end,label\n1,1.8,timer\n")
    again = read_source(model, "lab")
    found = gather([recording], tmp_path / "kitchen.csv")
    assert [one.label for one in found] == ["timer", ""]  # and a piece without a label
    assert again.known is not None
    assert len(again.known.means) > 2
    lesson = learn(again, found, AdapterPlan(steps=2, batch=4))
    assert lesson.labels[-3:] == ("door bell", "kettle", "timer")
    assert gates_of(lesson.network) == [2, 1]
    with pytest.raises(DatasetError, match="taught by a head of its own"):
        learn(again, found, AdapterPlan("splora", steps=1, batch=2))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("begin,end,label\n0,1,bell\n0.5,1,ring\n", "overlaps"),
        ("begin,end,label\n0,1,\n", "names nothing"),
        ("begin,end,label\n0,9,bell\n", "ends before 9 s"),
        (None, "has no labels in itself"),
    ],
)
def test_what_cannot_be_learned_from_is_said_in_one_line(rows: str | None, said: str, tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(500, 0, 2.0))
    arguments: list[object] = [tmp_path / "a.wav", "--output", tmp_path / "lab.onnx"]
    if rows is not None:
        (tmp_path / "rows.csv").write_text(rows)
        arguments += ["--labels", tmp_path / "rows.csv"]
    result = teach(*arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ") and said in line
    assert not (tmp_path / "lab.onnx").exists()


def test_wrong_files_are_said(tmp_path: Path) -> None:
    write(tmp_path / "sounds" / "quiet" / "0.wav", np.zeros(RATE, np.float32))
    output = ("--output", tmp_path / "lab.onnx")
    assert "0.wav is silent" in teach(tmp_path / "sounds", *output).stderr
    (tmp_path / "empty").mkdir()
    assert "has no folders of sounds" in teach(tmp_path / "empty", *output).stderr
    assert "no.csv cannot be read" in teach(tmp_path / "no.wav", "--labels", tmp_path / "no.csv", *output).stderr
    assert "an .onnx file" in teach(tmp_path / "sounds", "--output", tmp_path / "a.pt").stderr
    assert "is needed to teach nanodet" in teach(tmp_path / "sounds", *output, "--model", "nanodet").stderr
    assert (
        "to teach expression-research" in teach(tmp_path / "sounds", *output, "--model", "expression-research").stderr
    )
    assert teach(tmp_path / "sounds", *output, "--adapter", "x").exit_code == 2
