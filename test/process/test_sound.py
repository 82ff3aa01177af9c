"""Sound of recordings: every sample is heard, beside the images or alone, the same with any number of workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.process import ProcessError, Processes, Request, in_process, process_recordings
from opendr_perception.process.asking import ask
from opendr_perception.process.sinks.bag import types
from opendr_perception.tasks.sound import encode

RATE = 16000
BOTH = ("voice_activity", "sound_classification")
STEP = 512
"""Samples from one judgement of a voice to the next."""

Hashes = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """Three seconds that nobody speaks in."""
    return np.random.default_rng(0).normal(0, 0.05, 3 * RATE).astype(np.float32)


def write_sound(path: Path, samples: np.ndarray, frames: list[np.ndarray] | None = None) -> Path:
    """A file of sound, or a film with it."""
    with av.open(str(path), "w") as container:
        if frames:
            video = container.add_stream("ffv1", rate=10)
            video.height, video.width = frames[0].shape[:2]
            video.pix_fmt = "bgr0"
        audio = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for pixels in frames or []:
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        pcm = (samples * 32767).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        sound.sample_rate = RATE
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
        if frames:
            container.mux(video.encode(None))
    return path


def audio(samples: np.ndarray, stamp: int) -> Any:
    kinds = types().types
    header = kinds["std_msgs/msg/Header"](kinds["builtin_interfaces/msg/Time"](*divmod(stamp, 10**9)), "ear")
    data = np.frombuffer(encode(samples[:, None], "S16LE"), np.uint8)
    return kinds["opendr_perception/msg/Audio"](header, RATE, 1, "S16LE", data)


def write_bag(path: Path, samples: np.ndarray, topics: tuple[str, ...], left_out: range = range(0)) -> Path:
    """A bag of microphones, in messages of 0.1 s from 100 s on."""
    kind = "opendr_perception/msg/Audio"
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = [writer.add_connection(topic, kind, typestore=types()) for topic in topics]
        for number, place in enumerate(range(0, len(samples), RATE // 10)):
            stamp = 100 * 10**9 + number * 10**8
            for connection in () if number in left_out else connections:
                message = audio(samples[place : place + RATE // 10], stamp)
                writer.write(connection, stamp, types().serialize_cdr(message, kind))
    return path


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def run(recording: Path, output: Path, nodes: tuple[str, ...] = BOTH, **options: Any) -> Any:
    [outcome] = process_recordings([str(recording)], Request(nodes, **options), output, in_process)
    assert outcome.report is not None, outcome.error
    return outcome.report


def test_all_of_a_sound_file_is_heard_at_its_time(models: object, noise: np.ndarray, tmp_path: Path) -> None:
    report = run(write_sound(tmp_path / "noise.wav", noise), tmp_path / "out", formats=("mcap", "jsonl", "parquet"))
    assert report.problems == []
    assert report.answered["voice_activity"] == len(noise) // STEP
    found = lines(tmp_path / "out" / "noise.sound" / "results.jsonl")
    voices = [line for line in found if line["topic"] == "/voices"]
    assert [line["stamp"] for line in voices[:2]] == [10**9 + 32_000_000, 10**9 + 64_000_000]
    assert {line["frame_id"] for line in found} == {"microphone"}
    sounds = [line for line in found if line["topic"] == "/sounds"]
    assert len(sounds) == report.answered["sound_classification"] > 5
    with Reader(tmp_path / "out" / "noise.sound" / "bag") as reader:
        assert {c.topic: c.msgcount for c in reader.connections} == {"/voices": len(voices), "/sounds": len(sounds)}
    reply = ask(tmp_path / "out", "SELECT topic, count(*), bool_or(sound IS NULL) FROM results GROUP BY topic")
    assert reply.rows == [("sounds", len(sounds), False)], "nobody spoke"


def test_a_film_is_seen_and_heard(models: object, noise: np.ndarray, street: list[np.ndarray], tmp_path: Path) -> None:
    film = write_sound(tmp_path / "street.mkv", noise, street)
    nodes = ("person_detection", "sound_classification")
    outcomes = process_recordings([str(film)], Request(nodes), tmp_path / "out", in_process)
    reports = {outcome.name: outcome.report for outcome in outcomes}
    assert reports.keys() == {"street", "street.sound"}
    assert reports["street"] is not None and reports["street"].answered == {"person_detection": 10}
    assert reports["street.sound"] is not None and reports["street.sound"].answered["sound_classification"] > 5


def test_each_microphone_of_a_bag_is_heard_with_its_stamps(
    models: object, noise: np.ndarray, tmp_path: Path, hashes: Hashes
) -> None:
    bag = write_bag(tmp_path / "bag", noise, ("/left/audio", "/right/audio"))
    once = process_recordings([str(bag)], Request(BOTH), tmp_path / "one", in_process)
    process_recordings([str(bag)], Request(BOTH), tmp_path / "two", Processes(2))
    assert [outcome.name for outcome in once] == ["bag.left.sound", "bag.right.sound"]
    first = lines(tmp_path / "one" / "bag.left.sound" / "results.jsonl")[0]
    assert (first["topic"], first["stamp"], first["frame_id"]) == ("/left/voices", 100 * 10**9 + 32_000_000, "ear")
    found = hashes(tmp_path / "one")
    assert found == hashes(tmp_path / "two")


def test_sound_that_is_missing_begins_the_stream_anew_and_is_noted(
    models: object, noise: np.ndarray, tmp_path: Path
) -> None:
    bag = write_bag(tmp_path / "bag", noise, ("/audio",), left_out=range(8, 22))
    report = run(bag, tmp_path / "out", ("voice_activity",))
    assert report.notes == ["voice_activity began anew: nothing came for 1.4 s"]
    assert report.problems == []


def test_a_channel_that_is_not_there_is_a_problem_of_each_chunk(
    models: object, noise: np.ndarray, tmp_path: Path
) -> None:
    bag = write_bag(tmp_path / "bag", noise[: RATE // 5], ("/audio",))
    report = run(bag, tmp_path / "out", ("voice_activity",), parameters={"voice_activity": {"channel": 3}})
    assert report.answered == {"voice_activity": 0}
    assert len(report.problems) == 2
    assert "channel 3 is asked for" in report.problems[0]


@pytest.mark.parametrize(
    ("name", "nodes", "line"),
    [
        ("noise.wav", "person_detection", "noise.wav"),
        ("mute.mkv", "voice_activity", "mute.mkv: no sound is in this recording"),
        ("noise.wav", "voice_activity", "find_speaker takes faces"),
    ],
)
def test_what_is_not_in_a_recording_is_said(
    name: str, nodes: str, line: str, models: object, noise: np.ndarray, street_film: Path, tmp_path: Path
) -> None:
    recording = tmp_path / name
    if name == "mute.mkv":
        recording.write_bytes(street_film.read_bytes())
    else:
        write_sound(recording, noise)
    parameters = tmp_path / "all.yaml"
    parameters.write_text(f"voice_activity:\n  ros__parameters:\n    find_speaker: {'faces' in line}\n".lower())
    arguments = ["process", str(recording), "--nodes", nodes, "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--params", str(parameters)])
    assert result.exit_code == 1
    assert line in result.output


def test_nodes_that_hear_take_the_parameters_of_nodes() -> None:
    request = Request(BOTH, {"voice_activity": {"threshold": 0.7, "own_speech": "/speech", "streams": ["left"]}})
    assert request.sound_settings("voice_activity").threshold == 0.7  # type: ignore[attr-defined]
    with pytest.raises(ProcessError, match="did you mean threshold"):
        Request(BOTH, {"voice_activity": {"treshold": 0.7}})
