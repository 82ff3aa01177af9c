"""Nodes as processes: signals, exit status, what is said when something is wrong, and images between processes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import DetectionArray
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation
from opendr_perception.nodes.voice_activity import VoiceActivity
from opendr_perception.ros.node import ManagedNode, runner
from opendr_perception.ros.perception.node import PerceptionParameters

PROMISE = 1.0 + 4.0
"""Seconds after a signal: one is promised, and four are for a machine that is busy with other things."""


@pytest.fixture(scope="session")
def vtest(models: dict[str, zoo.ModelFile]) -> str:
    return str(zoo.fetch(["vtest.avi"])[0])


def ns(graph: Any) -> list[str]:
    return ["-r", f"__ns:={graph.namespace}"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_nodes_in_one_process_stop_while_frames_flow(graph: Any, vtest: str, number: signal.Signals) -> None:
    results = graph.listen(DetectionArray, "front/persons")
    process = graph.process(
        *["opendr-perception", "run", "video_source", "person_detection", "--ros-args", *ns(graph)],
        *["-p", f"path:={vtest}", "-p", "loop:=true"],
        *["-r", "image_raw:=front/image_raw", "-r", "persons:=front/persons"],
    )
    assert results.wait(3)[-1].detections
    started = time.monotonic()
    process.signal(number)
    assert process.end() == 0, process.output
    assert time.monotonic() - started < PROMISE
    assert "Traceback" not in process.output
    assert "Error" not in process.output


def test_a_signal_while_models_are_loaded_is_obeyed(graph: Any, tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        "import threading\n"
        "from opendr_perception.ros.node.managed import ManagedNode\n"
        "from opendr_perception.ros.node.runner import main\n"
        "class Slow(ManagedNode):\n"
        "    NAME = 'slow'\n"
        "    def configure(self):\n"
        "        print('loading', flush=True)\n"
        "        threading.Event().wait(100)\n"
        "main(Slow)\n"
    )
    process = graph.process(sys.executable, str(script))
    process.says("loading")
    started = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
    assert time.monotonic() - started < PROMISE
    assert "Traceback" not in process.output


HANGING = """
import threading
import opendr_perception.ros.node.signals as signals
from opendr_perception.ros.node.managed import ManagedNode
from opendr_perception.ros.node.runner import main

signals.GRACE = 0.5


class Hanging(ManagedNode):
    NAME = "hanging"

    def activate(self):
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    def stand_still(self):
        print("still", flush=True)

    def deactivate(self):
        print("leaving", flush=True)
        threading.Event().wait({seconds})
        print("left", flush=True)


main(Hanging)
"""


def said(output: str) -> list[str]:
    """Output of the node itself, without the log."""
    return [line for line in output.splitlines() if not line.startswith("[")]


def test_a_thread_that_is_left_behind_does_not_change_the_status(graph: Any, tmp_path: Path) -> None:
    script = tmp_path / "hanging.py"
    script.write_text(HANGING.format(seconds=0))
    process = graph.process(sys.executable, str(script), "--ros-args", *ns(graph))
    graph.diagnosis("hanging", "active")
    process.signal(signal.SIGTERM)
    assert process.end() == 0, process.output
    assert said(process.output) == ["still", "still", "leaving", "left"]


def test_who_is_impatient_is_heard_only_when_everything_stands_and_some_time_has_passed(
    graph: Any, tmp_path: Path
) -> None:
    script = tmp_path / "hanging.py"
    script.write_text(HANGING.format(seconds=60))
    process = graph.process(sys.executable, str(script), "--ros-args", *ns(graph))
    graph.diagnosis("hanging", "active")
    for _ in range(3):
        process.signal(signal.SIGINT)
    process.says("leaving")
    time.sleep(0.6)  # longer than the grace
    process.signal(signal.SIGINT)
    assert process.end() == 128 + signal.SIGINT
    assert said(process.output) == ["still", "still", "leaving"]


def test_nohup_keeps_a_node_alive(graph: Any) -> None:
    process = graph.process("nohup", str(program("person_detection")), "--ros-args", *ns(graph))
    graph.diagnosis("person_detection", "active")
    process.signal(signal.SIGHUP)
    count = len(graph._diagnostics.messages)
    graph.wait(lambda: len(graph._diagnostics.messages) > count + 2, lambda: process.output)
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output


def program(name: str) -> Path:
    return runner.share_directory().parents[1] / "lib" / "opendr_perception" / name


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-p", "score_threshold:=1.5"], "score_threshold must be in [0, 1], got 1.5"),
        (["-p", "score_threshold:=much"], "score_threshold must be of the type double, got 'much'"),
        (["-p", "nms:=best"], "nms must be one of greedy, soft, cluster, seq2seq, seq2seq_geom, fseq2, got 'best'"),
        (["--params-file", "/nowhere/params.yaml"], "/nowhere/params.yaml"),
    ],
)
def test_a_wrong_start_ends_with_status_1_and_one_line(graph: Any, arguments: list[str], says: str) -> None:
    process = graph.process("person_detection", "--ros-args", *ns(graph), *arguments)
    assert process.end() == 1, process.output
    own = [line for line in process.output.splitlines() if "[rcl]" not in line]  # rcl logs before it fails
    assert len(own) == 1, process.output
    assert own[0].startswith("person_detection: ")
    assert says in own[0]


def test_a_missing_model_is_named_and_the_node_can_be_configured_when_it_is_there(
    graph: Any, models_elsewhere: Path, models: dict[str, zoo.ModelFile]
) -> None:
    process = graph.process("pose_estimation", "--ros-args", *ns(graph))
    process.says("run: opendr-perception models fetch movenet-lightning")
    assert graph.diagnosis("pose_estimation", "models fetch movenet-lightning")["level"] == "2"
    (line,) = process.output.splitlines()
    assert str(models_elsewhere / "models" / "movenet-lightning.onnx") in line
    node = f"{graph.namespace}/pose_estimation"
    assert graph.state(node) == "unconfigured"
    models_elsewhere.mkdir()
    (models_elsewhere / "models").symlink_to(models["movenet-lightning"].path.parent)
    assert graph.change_state(node, "configure"), process.output
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output


def test_a_node_that_cannot_start_leaves_the_others_alone(graph: Any, models_elsewhere: Path, vtest: str) -> None:
    images = graph.listen(ImageMessage, "image_raw")
    process = graph.process(
        *["opendr-perception", "run", "person_detection", "video_source", "--ros-args", *ns(graph)],
        *["-p", f"path:={vtest}", "-p", "loop:=true"],
    )
    images.wait(3)
    process.says("models fetch nanodet")
    assert graph.diagnosis("person_detection", "models fetch nanodet")["level"] == "2"
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output


@pytest.mark.parametrize(("names", "says"), [([], "no node is given"), (["pose"], "there is no node 'pose'")])
def test_wrong_usage_has_status_2(graph: Any, names: list[str], says: str) -> None:
    process = graph.process("opendr-perception", "run", *names)
    assert process.end() == 2
    assert says in process.output
    assert "pose_estimation" in process.output, "the nodes that there are should be listed"


def test_images_arrive_in_another_process_out_of_the_box(graph: Any, models: Any) -> None:
    assert os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] == str(runner.share_directory() / "config" / "fastdds.xml")
    graph.process("person_detection", "--ros-args", *ns(graph))
    camera = graph.publisher(ImageMessage, "image_raw", "best_effort")
    results = graph.listen(DetectionArray, "persons", publishers=1)
    for _ in range(12):  # the node may find out about the camera later than the camera about the node
        camera.publish(graph.image(np.zeros((48, 64, 3), np.uint8)))
        with contextlib.suppress(AssertionError):
            results.wait(1, limit=5.0)
            break
    for height, width in ((480, 640), (1080, 1920)):
        pixels = np.zeros((height, width, 3), np.uint8)
        before, sent = len(results.messages), 8
        for index in range(sent):
            camera.publish(graph.image(pixels, height + index / 10))
            with contextlib.suppress(AssertionError):  # best effort: one may be lost, and the next is sent in any case
                results.wait(len(results.messages) + 1, limit=5.0)
        arrived = results.messages[before:]
        assert len(arrived) >= sent - 1, f"{len(arrived)} of {sent} images of {width}x{height} arrived"
        assert {(message.width, message.height) for message in arrived} == {(width, height)}


CHOICES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_BUILTIN_TRANSPORTS")


@pytest.mark.parametrize("choice", CHOICES)
def test_a_transport_that_the_user_chose_is_kept(monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
    monkeypatch.setattr(os, "environ", {choice: "mine"})
    runner.choose_transport()
    assert os.environ == {choice: "mine"}


def test_without_a_choice_the_transport_carries_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    runner.choose_transport()
    profile = Path(os.environ["FASTDDS_DEFAULT_PROFILES_FILE"])
    assert "<type>SHM</type>" in profile.read_text()


def test_a_misspelt_parameter_is_named_once_for_all_nodes_of_the_process(graph: Any) -> None:
    process = graph.process(
        "opendr-perception", "run", "video_source", "simulation", "--ros-args", "-p", "autostart:=false", "-p", "pth:=x"
    )
    process.says("no node here has a parameter pth, so it changes nothing: did you mean path?")
    process.signal(signal.SIGINT)
    assert process.end() == 0
    assert process.output.count("pth") == 1


class Alone(ManagedNode):
    NAME = "alone"


class Thinking(ManagedNode):
    NAME = "thinking"
    Parameters = PerceptionParameters


class Driving(Thinking):
    NAME = "driving"
    DRIVES = True


@pytest.mark.parametrize(
    ("node", "others", "cores", "threads"),
    [
        (Thinking, [Thinking], 4, None),
        (Thinking, [Thinking, Alone, Driving], 4, None),
        (Thinking, [Thinking, PersonDetection], 4, 2),
        (Thinking, [Thinking, PersonDetection, PoseEstimation], 2, 1),
        (Alone, [Alone, Thinking, PersonDetection], 4, None),
        (Driving, [Driving, Thinking, PersonDetection], 4, None),
        (VoiceActivity, [VoiceActivity, Thinking, PersonDetection], 4, None),
    ],
)
def test_models_of_one_process_share_its_cores_and_one_alone_has_all(
    monkeypatch: pytest.MonkeyPatch,
    node: type[ManagedNode],
    others: list[type[ManagedNode]],
    cores: int,
    threads: int | None,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert runner.shared_cores(node, others).get("threads") == threads


@pytest.mark.parametrize(("given", "threads"), [({}, 3), ({"threads": 0}, 3), ({"threads": 7}, 7)])
def test_a_share_is_taken_in_the_place_of_0_also_where_a_file_says_0(
    ros: None, given: dict[str, int], threads: int
) -> None:
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    node = Thinking(shares={"threads": 3}, parameter_overrides=overrides)
    try:
        assert node.params.threads == threads
        assert node.set_parameters([Parameter("max_gap", value=2.0)])[0].successful
        assert node.params.threads == threads, "it stays when others change"
        assert node.get_parameter("threads").value == given.get("threads", 0)
    finally:
        node.destroy_node()


STUCK = """
import threading
from opendr_perception.nodes.video_source import VideoSource
from opendr_perception.ros.node.managed import ManagedNode
from opendr_perception.ros.node.runner import main


class Stuck(ManagedNode):
    NAME = "stuck"

    def activate(self):
        self.create_timer(0.01, threading.Event().wait)


main(Stuck, VideoSource)
"""


def test_a_callback_that_hangs_keeps_no_other_node_from_its_work(graph: Any, vtest: str, tmp_path: Path) -> None:
    (script := tmp_path / "stuck.py").write_text(STUCK)
    images = graph.listen(ImageMessage, "image_raw")
    process = graph.process(sys.executable, str(script), "--ros-args", *ns(graph), "-p", f"path:={vtest}")
    images.wait(3)
    graph.diagnosis("video_source", "")
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
