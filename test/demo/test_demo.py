"""The demonstration, as a user runs it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import av
import pytest
from opendr_perception.msg import Face, FaceArray
from std_msgs.msg import Header

from opendr_perception.demo import play
from opendr_perception.demo.command import PERSON
from opendr_perception.demo.play import BODIES, FACES, HEART, VOICES
from opendr_perception.demo.recorder import to_dict


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["opendr-perception", "demo", *arguments], capture_output=True, text=True, timeout=250, check=False
    )


def test_it_writes_what_the_nodes_published(tmp_path: Path) -> None:
    done = demo("--seconds", "10", "--output", str(tmp_path / "out"), "--headless")
    assert done.returncode == 0, done.stderr
    assert "pose_estimation" in done.stdout

    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    of_topic = {
        topic: [line for line in lines if line["topic"] == topic] for topic in {line["topic"] for line in lines}
    }
    assert of_topic.keys() >= {
        *(f"/{stream}/{topic}" for stream in ("street", "face") for topic in ("persons", "poses")),
        *(f"/{stream}/{topic}" for stream in ("face", "portrait") for topic in ("faces", "emotions")),
    }
    poses = of_topic["/street/poses"]
    assert all(line["stamp"] > 0 and line["frame_id"] == "camera" and line["layout"] == "coco17" for line in poses)
    assert any(len(person["keypoints"]) == 17 for line in poses for person in line["poses"])
    named = {face["identity"] for line in of_topic["/portrait/faces"] for face in line["faces"]}
    assert PERSON in named <= {"", PERSON}
    assert {face["identity"] for line in of_topic["/face/faces"] for face in line["faces"]} == {""}

    assert any(voice["speaking"] for line in of_topic["/voice/voices"] for voice in line["voices"])
    assert {line["label"] for line in of_topic["/heart/heart"]} & {"normal", "mitral regurgitation"}

    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["sources"].keys() == {"street", "face", "portrait", "voice", "heart"}
    for row in summary["nodes"]:
        assert row["received"] == row["processed"] + row["dropped"] + row["rejected"]
    assert {row["node"] for row in summary["nodes"]} == {node.node for node in (*BODIES, *FACES, VOICES, HEART)}

    with av.open(str(tmp_path / "out" / "annotated.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) > 0


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4"])
def test_a_source_that_cannot_be_played_is_one_line_on_standard_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    done = demo("--source", str(tmp_path / name), "--output", str(tmp_path / "out"), "--headless")
    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_messages_become_json() -> None:
    message = FaceArray(header=Header(frame_id="eye"), faces=[Face(identity="someone", yaw=float("nan"), pitch=0.1)])
    fields = json.loads(json.dumps(to_dict(message), allow_nan=False))
    assert fields["header"]["frame_id"] == "eye"
    face = fields["faces"][0]
    assert (face["identity"], face["yaw"], face["pitch"]) == ("someone", None, 0.1)


def test_a_node_that_waits_to_be_configured_again_ends_the_demonstration(tmp_path: Path) -> None:
    class Listener:
        failure = ""

        def close(self) -> None:
            pass

    log = tmp_path / "nodes.log"
    log.write_text("[INFO] all is well\n")
    play.check(Listener(), [], log)
    log.write_text("[INFO] all is well\n[ERROR] [1.0] [video_source]: cannot configure: there is no /nowhere.mp4\n")
    with pytest.raises(play.DemoError, match=r"there is no /nowhere\.mp4"):
        play.check(Listener(), [], log)
