"""Measuring action recognition: what is read of a stream, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.action.falls import FILES, MD4FD, falls_in, in_time
from opendr_perception.evaluate.action.recognition import evaluate_actions, frame_map, listen, streams_of
from opendr_perception.evaluate.action.recordings import ActionRecording
from opendr_perception.evaluate.action.watching import watch
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action.recognition import ActionRecogniser
from opendr_perception.tasks.action.skeleton import VERSION

LABELS = ["stand", "wave", "fall", "unknown"]


def model_that_says(path: Path, label: str) -> Path:
    """A network that answers the same whatever it sees."""
    torch.manual_seed(0)
    network = ActionTcn(len(LABELS), 4, (1,)).eval()
    with torch.no_grad():
        network.layers.fc.weight.zero_()
        network.layers.fc.bias.copy_(torch.tensor([4.0 * (name == label) for name in LABELS]))
    export(network, path, softmax=True, metadata={"labels": json.dumps(LABELS), "skeleton_version": str(VERSION)})
    return path


@pytest.fixture(scope="module")
def waver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_that_says(tmp_path_factory.mktemp("model") / "waver.onnx", "wave")


def test_every_recording_is_a_segment_of_one_stream_of_its_person(one: Callable[..., ActionRecording]) -> None:
    recordings = [one("wave", subject=str(k % 3)) for k in range(40)]
    streams = [*streams_of(recordings)]
    seen = [segment.recording for stream in streams for segment in stream.segments]
    assert sorted(map(id, seen)) == sorted(map(id, recordings))
    for stream in streams:
        assert len({segment.recording.subject for segment in stream.segments}) == 1


def test_the_recogniser_answers_to_each_frame_of_streams_of_different_lengths(
    waver: Path, one: Callable[..., ActionRecording]
) -> None:
    streams = [*streams_of([one("wave", "1"), one("wave", "1"), one("clap", "2")])]
    answers = watch(ActionRecogniser(Session(waver)), streams)
    assert [len(found) for found in answers] == [len(stream.names) for stream in streams]
    assert all((found.argmax(1) == LABELS.index("wave")).all() for found in answers)


def test_what_is_heard_of_a_segment(waver: Path, one: Callable[..., ActionRecording]) -> None:
    heard = [*listen(ActionRecogniser(Session(waver)), [*streams_of([one("wave"), one("clap")])])]
    by_action = {each.segment.recording.action: each for each in heard}
    assert by_action["wave"].delay == 0.0
    assert by_action["clap"].delay == np.inf
    assert by_action["wave"].often[LABELS.index("wave")] == 1.0
    assert by_action["wave"].read.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_network_that_always_waves_is_right_about_those_who_do(
    waver: Path, tmp_path: Path, write_own: Callable[..., Path]
) -> None:
    dataset = write_own(tmp_path / "mine.npz")
    figures = {f.name: f.value for f in evaluate_actions(dataset, Session(waver), "test").figures}
    assert figures["streams: right of known actions"] == 1.0
    assert figures["streams: right of all, unknown ones too"] == 0.5
    assert figures["clips: right of known actions"] == 1.0
    assert figures["streams: AUROC of unknown"] == 0.5
    assert figures["streams: median seconds to the right name"] == 0.0
    with pytest.raises(DatasetError, match="nobody in the part 'train'"):
        evaluate_actions(dataset, Session(waver), "train")


def write_falls(folder: Path) -> Path:
    """Two clips of each file, the second one of daily life."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    np.savez(
        folder / FILES[0], xyz=rng.random((2, 30, 33, 3)).astype(np.float16), label=np.zeros((2, 30), np.uint8),
        names=["SUBJECT1/C1S1A1T1", "SUBJECT2/C1S1A1T1"],
    )  # fmt: skip
    np.savez(
        folder / FILES[1], xy=rng.random((2, 90, 11, 2)).astype(np.float16), fall=np.array([1, 0], np.uint8),
        source=["ur", "home"], joints=list(MD4FD),
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("files", [100, 137])
def test_frames_that_were_sorted_as_text_are_put_back_in_time(files: int) -> None:
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 0.01, (files, 5, 2)), axis=0).astype(np.float32)
    mixed = walk[sorted(range(files), key=str)[:100]]
    steps = np.diff(np.array(sorted(range(files), key=str)[:100])[in_time(mixed)])
    assert (steps > 0).all()
    assert in_time(walk[:100]).tolist() == list(range(100))


@pytest.mark.parametrize(("label", "said"), [("fall", 1.0), ("stand", 0.0)])
def test_falls_are_counted_by_clip(tmp_path: Path, label: str, said: float) -> None:
    folder = write_falls(tmp_path / "fall_keypoints")
    assert [clip.action for clip in falls_in(folder)] == ["fall", "fall", "fall", "daily"]
    report = evaluate_actions(folder, Session(model_that_says(tmp_path / "m.onnx", label)), "test")
    values = {figure.name: figure.value for figure in report.figures}
    assert values["falls that are said"] == said
    assert values["daily clips in which a fall is said"] == said


def test_the_command_prints_a_table_and_writes_json(
    waver: Path, tmp_path: Path, write_own: Callable[..., Path]
) -> None:
    dataset = write_own(tmp_path / "mine.npz")
    arguments = ["evaluate", "actions", str(dataset), "--model", str(waver), "--json", str(tmp_path / "out.json")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "right of known actions" in result.output
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["tables"]["streams: by action"] == {"unknown (2)": 0.0, "wave (2)": 1.0}


@pytest.mark.parametrize(
    ("arguments", "complaint", "status"),
    [
        (["flying", "x.npz"], "what can be measured is actions", 2),
        (["actions", "x.npz"], "x.npz is not a file of skeletons", 1),
        (["actions", "x.npz", "--model", "nothing.onnx"], "nothing.onnx does not exist", 1),
        (["actions", "x.npz", "--part", "half"], "half", 2),
    ],
)
def test_what_is_wrong_is_said_in_one_line(waver: Path, arguments: list[str], complaint: str, status: int) -> None:
    if "--model" not in arguments:
        arguments = [*arguments, "--model", str(waver)]
    result = CliRunner().invoke(app, ["evaluate", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == status
    assert complaint in result.output


def test_the_per_frame_precision_is_that_of_actions_and_forgives_what_has_two_names() -> None:
    answers = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    labels = ("walk", "run", "unknown")
    assert frame_map(answers, [("walk",), ("run",), ("walk",), ("unknown",)], labels) == 1.0
    assert frame_map(answers, [("walk",), ("run",), ("walk", "unknown"), ("unknown",)], labels) == 1.0
    assert frame_map(answers, [("walk",), ("walk",), ("run",), ("unknown",)], labels) == pytest.approx(
        (5 / 6 + 0.5) / 2
    )
    assert np.isnan(frame_map(answers, [("unknown",)] * 4, labels))
