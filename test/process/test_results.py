"""Results of recordings: every frame, the same with any number of workers, in every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.process import ProcessError, Processes, Request, in_process, process_recordings
from opendr_perception.process.asking import ask
from opendr_perception.process.sinks import table
from opendr_perception.process.sinks.bag import types

BODIES = ("pose_estimation", "action_recognition")
FACES = ("face_recognition", "emotion_recognition")
ALL = ("mcap", "jsonl", "parquet")
ROS = get_typestore(Stores.ROS2_JAZZY)
IMAGE = "sensor_msgs/msg/Image"

Hashes = Callable[[Path], dict[str, str]]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def image(pixels: np.ndarray, seconds: float, frame_id: str = "eye") -> Any:
    stamp = ROS.types["builtin_interfaces/msg/Time"](*(int(part) for part in divmod(round(seconds * 1e9), 10**9)))
    header = ROS.types["std_msgs/msg/Header"](stamp, frame_id)
    height, width = pixels.shape[:2]
    return ROS.types[IMAGE](header, height, width, "bgr8", 0, 3 * width, pixels.reshape(-1))


def write_bag(
    path: Path, cameras: dict[str, Sequence[np.ndarray]], storage: StoragePlugin = StoragePlugin.MCAP
) -> Path:
    """A bag of cameras with 10 Hz, from 100 s on."""
    with Writer(path, version=9, storage_plugin=storage) as writer:
        topics = {name: writer.add_connection(name, IMAGE, typestore=ROS) for name in cameras}
        for number in range(max(map(len, cameras.values()))):
            for name, frames in cameras.items():
                seconds = 100 + number / 10
                data = ROS.serialize_cdr(image(frames[number], seconds), IMAGE)
                writer.write(topics[name], round(seconds * 1e9), data)
    return path


@pytest.fixture(scope="module")
def bodies(models: object, street_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bodies in the street, in all formats."""
    output = tmp_path_factory.mktemp("bodies") / "out"
    [outcome] = process_recordings([str(street_film)], Request(BODIES, formats=ALL), output, in_process)
    assert outcome.report is not None, outcome.error
    assert outcome.report.problems == []
    assert outcome.report.answered == dict.fromkeys(BODIES, 10)
    return output


def test_every_frame_has_one_line_for_each_node(bodies: Path) -> None:
    first, *rest = lines(bodies / "street" / "results.jsonl")
    assert first["provenance"]["recording"] == "street.mkv"
    assert first["provenance"]["models"].keys() >= {"nanodet", "movenet-lightning"}
    assert [(line["frame"], line["topic"]) for line in rest] == [
        (frame, topic) for frame in range(10) for topic in ("/poses", "/actions")
    ]
    assert [line["stamp"] for line in rest[::2]] == [10**9 + frame * 10**8 for frame in range(10)]
    assert len(rest[-2]["poses"]) >= 2
    assert {pose["track_id"] for pose in rest[-2]["poses"]} & {act["track_id"] for act in rest[-1]["actions"]}


def test_the_bag_has_the_messages_with_their_definitions_and_what_foxglove_draws(bodies: Path) -> None:
    told = lines(bodies / "street" / "results.jsonl")[1:]
    with Reader(bodies / "street" / "bag") as reader:
        assert {c.topic for c in reader.connections} == {
            "/poses",
            "/actions",
            "/poses/annotations",
            "/actions/annotations",
        }
        assert all("float" in str(c.msgdef.data) for c in reader.connections), "definitions are whole"
        by_topic: dict[str, list[Any]] = {}
        for connection, _, data in reader.messages():
            by_topic.setdefault(connection.topic, []).append(types().deserialize_cdr(data, connection.msgtype))
    assert [len(messages) for messages in by_topic.values()] == [10] * 4
    poses, drawn = by_topic["/poses"][-1], by_topic["/poses/annotations"][-1]
    assert [pose.track_id for pose in poses.poses] == [pose["track_id"] for pose in told[-2]["poses"]]
    box = poses.poses[0].box
    assert (drawn.points[0].points[0].x, drawn.points[0].points[0].y) == (box.x_min, box.y_min)
    assert {text.text for text in drawn.texts} == {pose.track_id for pose in poses.poses} - {""}


def test_activities_of_people_are_drawn_around_them(models: object, street_film: Path, tmp_path: Path) -> None:
    request = Request(
        ("person_detection", "video_activity"), {"video_activity": {"per_person": True}}, formats=("mcap",), hertz=5.0
    )
    [outcome] = process_recordings([str(street_film)], request, tmp_path / "out", in_process)
    assert outcome.report is not None, outcome.error
    assert outcome.report.problems == []
    with Reader(tmp_path / "out" / "street" / "bag") as reader:
        topics = {connection.topic for connection, _, _ in reader.messages()}
    assert topics == {f"/{each}" for each in ("persons", "activities", "persons/annotations", "activities/annotations")}


def test_the_table_has_a_row_for_each_person_and_frame_and_answers_questions(bodies: Path) -> None:
    told = [line for line in lines(bodies / "street" / "results.jsonl")[1:] if line["topic"] == "/poses"]
    people = [(line["frame"], pose["track_id"], pose["score"]) for line in told for pose in line["poses"]]
    reply = ask(bodies, "SELECT frame, track_id, score FROM results WHERE topic = 'poses'")
    assert [(frame, track, pytest.approx(score, rel=1e-5)) for frame, track, score in reply.rows] == people
    reply = ask(bodies, "SELECT max(seconds), len(any_value(keypoints)), count(action) FROM results")
    [[seconds, keypoints, actions]] = reply.rows
    assert (seconds, keypoints) == (pytest.approx(0.9), 17)
    assert actions == sum(
        len(line["actions"]) for line in lines(bodies / "street" / "results.jsonl")[1:] if line["topic"] == "/actions"
    )


def test_a_long_table_is_written_in_parts(
    bodies: Path, street_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "LOOSE", 3)
    monkeypatch.setattr(table, "ROWS", 8)
    process_recordings([str(street_film)], Request(BODIES, formats=("parquet",)), tmp_path / "out", in_process)
    file = parquet.ParquetFile(tmp_path / "out" / "street" / "results.parquet")
    assert file.num_row_groups > 2
    whole = parquet.read_table(bodies / "street" / "results.parquet")
    assert file.read().to_pylist() == whole.to_pylist()


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT * FROM read_csv('/etc/hosts')", "Permission Error"),
        ("COPY results TO '/tmp/results.csv'", "Permission Error"),
        ("SET enable_external_access = true", "locked"),
        ("SELECT nothing FROM results", "Binder Error"),
        ("SELEKT", "Parser Error"),
    ],
)
def test_a_question_sees_nothing_but_the_tables(bodies: Path, sql: str, problem: str) -> None:
    with pytest.raises(ProcessError, match=problem):
        ask(bodies, sql)


def test_an_output_without_tables_says_how_to_have_them(tmp_path: Path) -> None:
    replied = CliRunner().invoke(app, ["query", str(tmp_path), "SELECT 1"])
    assert replied.exit_code == 1
    assert "process recordings with --format parquet" in replied.stderr


def test_results_do_not_depend_on_threads_or_processes(
    bodies: Path, street_film: Path, head_film: Path, hashes: Hashes, tmp_path: Path
) -> None:
    request = Request(BODIES, formats=ALL)
    process_recordings([str(street_film)], request, tmp_path / "threads", Processes(2))
    assert hashes(tmp_path / "threads") == hashes(bodies)

    both = [str(street_film), str(head_film)]
    outcomes = process_recordings(both, request, tmp_path / "processes", Processes(2))
    assert sorted(outcome.name for outcome in outcomes if outcome.report) == ["head", "street"]
    assert hashes(tmp_path / "processes" / "street") == hashes(bodies / "street")


def test_each_camera_of_a_bag_has_its_own_results_with_the_stamps_of_the_bag(
    models: object, talking_head: list[np.ndarray], tmp_path: Path
) -> None:
    cameras = {"/front/image_raw": talking_head[:4], "/back/image_raw": talking_head[4:8]}
    bag = write_bag(tmp_path / "tour", cameras, StoragePlugin.SQLITE3)
    request = Request(FACES, formats=("jsonl",))
    outcomes = process_recordings([str(bag)], request, tmp_path / "out", in_process)
    assert [outcome.name for outcome in outcomes] == ["tour.front", "tour.back"]
    for outcome in outcomes:
        assert outcome.report is not None, outcome.error
        assert outcome.report.problems == []
        told = lines(tmp_path / "out" / outcome.name / "results.jsonl")[1:]
        assert {line["topic"] for line in told} == {f"/{outcome.name[5:]}/{topic}" for topic in ("faces", "emotions")}
        assert [line["stamp"] for line in told[::2]] == [100 * 10**9 + k * 10**8 for k in range(4)]
        assert {line["frame_id"] for line in told} == {"eye"}
    ids = [
        {face["track_id"] for line in lines(file)[1::2] for face in line["faces"]} - {""}
        for file in (tmp_path / "out").glob("*/results.jsonl")
    ]
    assert not ids[0] & ids[1]


def test_as_live_answers_so_many_frames_of_each_second(models: object, head_film: Path, tmp_path: Path) -> None:
    request = Request(("face_recognition",), formats=("jsonl",), hertz=2.0)
    process_recordings([str(head_film)], request, tmp_path / "out", in_process)
    assert [line["frame"] for line in lines(tmp_path / "out" / "head" / "results.jsonl")[1:]] == [0, 5, 10, 15, 20, 25]


def test_damaged_parts_are_named_and_the_rest_is_answered(
    models: object, tmp_path: Path, talking_head: list[np.ndarray]
) -> None:
    random = np.random.default_rng(5)
    frames = [random.integers(0, 256, (600, 800, 3), np.uint8) for _ in range(6)]  # a chunk for each
    bag = write_bag(tmp_path / "bag", {"/image_raw": frames})
    file = next(bag.glob("*.mcap"))
    data = bytearray(file.read_bytes())
    start = data.index(frames[2].tobytes()[5000:5020])
    data[start - 6000 : start + 100] = random.bytes(6100)
    file.write_bytes(data)
    request = Request(("face_recognition",), formats=("jsonl",))
    [outcome] = process_recordings([str(bag)], request, tmp_path / "out", in_process)
    assert outcome.report is not None, outcome.error
    [problem] = outcome.report.problems
    assert "this bag is damaged 0.100 s after its beginning" in problem
    stamps = [line["stamp"] for line in lines(tmp_path / "out" / "bag" / "results.jsonl")[1:]]
    assert stamps[:2] == [100 * 10**9, 100 * 10**9 + 10**8]
    assert stamps[-1] == 100 * 10**9 + 5 * 10**8


def test_a_camera_that_changes_its_size_and_a_street_without_people_are_answered(
    models: object, talking_head: list[np.ndarray], tmp_path: Path
) -> None:
    frames = [talking_head[0], np.full((240, 320, 3), 90, np.uint8), talking_head[1]]
    bag = write_bag(tmp_path / "bag", {"/image_raw": frames})
    request = Request((*FACES, "human_presence"), formats=ALL)
    [outcome] = process_recordings([str(bag)], request, tmp_path / "out", in_process)
    assert outcome.report is not None, outcome.error
    assert outcome.report.answered == dict.fromkeys(("human_presence", *FACES), 3)
    faces = [line for line in lines(tmp_path / "out" / "bag" / "results.jsonl") if line.get("topic") == "/faces"]
    assert [(line["width"], len(line["faces"])) for line in faces] == [(176, 1), (320, 0), (176, 1)]


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"nodes": ("action_recognition",)}, "takes the results of pose_estimation: add it to --nodes"),
        ({"nodes": ("pose",)}, "there is no node 'pose'"),
        ({"nodes": ()}, "nothing is wanted"),
        ({"nodes": FACES, "formats": ("csv",)}, "there is no format 'csv'"),
        ({"nodes": FACES, "hertz": -1.0}, "--as-live is a rate"),
        (
            {"nodes": ("face_recognition",), "parameters": {"face_recognition": {"borders": 0.1}}},
            "no parameter borders; did you mean border?",
        ),
        ({"nodes": ("face_recognition",), "parameters": {"face_recognition": {"border": 7.0}}}, "border must be in"),
    ],
)
def test_what_cannot_be_wanted_is_said(wanted: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProcessError, match=problem):
        Request(**wanted)


def test_all_recordings_that_are_none_are_named_before_anything_is_done(tmp_path: Path, head_film: Path) -> None:
    (tmp_path / "text.txt").write_text("no film")
    bag = tmp_path / "empty"
    with Writer(bag, version=9) as writer:
        writer.add_connection("/chatter", "std_msgs/msg/String", typestore=ROS)
    wrong = [str(tmp_path / "nowhere.mp4"), str(tmp_path / "text.txt"), str(bag)]
    with pytest.raises(ProcessError) as raised:
        process_recordings([*wrong, str(head_film)], Request(FACES), tmp_path / "out", in_process)
    assert all(name in str(raised.value) for name in wrong)
    assert not (tmp_path / "out" / "manifest.json").exists()
