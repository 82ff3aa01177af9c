"""perception.launch.py, by `ros2 launch`."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opendr_perception.msg import BodyPoseArray, DetectionArray
from sensor_msgs.msg import Image

FILE = "perception.launch.py"


@pytest.mark.parametrize("composed", ["true", "false"])
def test_people_in_a_video_are_found_and_all_processes_stop(
    graph: Any, launch: Callable[..., Any], models: Any, film: Path, looping: Path, composed: str
) -> None:
    process = launch(
        FILE,
        f"namespace:={graph.namespace}",
        "image:=front/image_raw",
        f"video:={film}",
        f"params_file:={looping}",
        "device:=cpu",
        f"composed:={composed}",
    )
    persons = graph.listen(DetectionArray, "persons").find(lambda m: m.detections, "persons")
    poses = graph.listen(BodyPoseArray, "poses").find(lambda m: any(p.track_id for p in m.poses), "poses with ids")
    image = graph.listen(Image, "front/image_raw").wait()[-1]
    assert (image.width, image.height) == (persons.width, persons.height) == (poses.width, poses.height) == (768, 576)
    assert {person.track_id for person in persons.detections} == {""}, "the parameter file turns tracking off"

    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
    assert process.output.count("process started") == (1 if composed == "true" else 6)
    assert process.output.count("process has finished cleanly") == process.output.count("process started")
    assert "Traceback" not in process.output


def test_nodes_wait_for_a_lifecycle_manager_without_autostart(
    graph: Any, launch: Callable[..., Any], models: Any
) -> None:
    launch(FILE, f"namespace:={graph.namespace}", "nodes:=pose_estimation", "autostart:=false", "use_sim_time:=true")
    node = f"{graph.namespace}/pose_estimation"
    assert graph.state(node) == "unconfigured"
    assert graph.change_state(node, "configure")
    assert graph.state(node) == "inactive"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nodes:=person_detection,pose"], "nodes: there is no node 'pose'; the nodes are action_recognition, "),
        (["nodes:=,"], "nodes: no node is given; the nodes are action_recognition, "),
        (["params_file:=/nowhere/mine.yaml"], "params_file: there is no file /nowhere/mine.yaml"),
        (["device:=tpu"], 'Argument "device" provided value "tpu" is not valid'),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_starts(
    launch: Callable[..., Any], arguments: list[str], says: str
) -> None:
    process = launch(FILE, *arguments)
    assert process.end() == 1
    assert says in process.output
    assert "process started" not in process.output
    assert "Traceback" not in process.output


def test_arguments_tell_what_they_mean(launch: Callable[..., Any]) -> None:
    process = launch(FILE, "--show-args")
    assert process.end() == 0
    for name in ("nodes", "params_file", "namespace", "image", "device", "composed", "video", "log_level"):
        assert f"'{name}':" in process.output
    assert "no description given" not in process.output
