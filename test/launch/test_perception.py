"""perception.launch.py, by `ros2 launch`."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opendr_perception.msg import BodyPoseArray, DetectionArray
from sensor_msgs.msg import CameraInfo, Image

FILE = "perception.launch.py"
ARGUMENTS = (
    *("nodes", "image", "camera_info", "depth", "image_transport", "streams", "people", "device", "composed", "video"),
    *("audio", "fleet", "view"),
    *("autostart", "use_sim_time", "params_file", "namespace", "stamped", "respawn", "log_level"),
)


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

    # As when a terminal, docker or a test harness stops all: everybody hears it, and launch passes its own on too.
    process.signal(signal.SIGINT, group=True)
    assert process.end() == 0, process.output
    assert process.output.count("process started") == (1 if composed == "true" else 7)
    assert process.output.count("process has finished cleanly") == process.output.count("process started")
    assert "Traceback" not in process.output


def test_two_cameras_are_served_and_a_process_that_dies_comes_again(
    graph: Any, launch: Callable[..., Any], models: Any
) -> None:
    process = launch(
        FILE,
        f"namespace:={graph.namespace}",
        "nodes:=person_detection",
        "streams:=front,rear",
        "image:=color/image_raw",
        "image_transport:=compressed",
        "respawn:=true",
    )
    for name in ("front", "rear"):
        graph.diagnosis(f"person_detection: {graph.namespace}/{name}/color/image_raw/compressed", "nobody publishes")
    pid = int(re.findall(r"process started with pid \[(\d+)\]", process.output)[0])
    os.kill(pid, signal.SIGKILL)
    graph.wait(lambda: process.output.count("process started") == 2, lambda: process.output)
    graph.clear_diagnostics()
    graph.diagnosis("person_detection", "active")
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output


def test_the_calibration_has_the_topic_that_is_given(graph: Any, launch: Callable[..., Any], models: Any) -> None:
    launch(FILE, f"namespace:={graph.namespace}", "nodes:=face_recognition", "camera_info:=eye/calibration")
    graph.publisher(CameraInfo, "eye/calibration")


def test_depth_and_calibration_of_several_cameras_are_below_each_of_them(
    graph: Any, launch: Callable[..., Any], models: Any
) -> None:
    given = ("nodes:=people", "streams:=front,rear", "depth:=aligned/image", "camera_info:=color/info")
    launch(FILE, f"namespace:={graph.namespace}", *given)
    for name in ("front", "rear"):
        graph.publisher(Image, f"{name}/aligned/image")
        graph.publisher(CameraInfo, f"{name}/color/info")


def test_results_go_to_the_hub_that_is_given(graph: Any, launch: Callable[..., Any], models: Any) -> None:
    pytest.importorskip("zenoh")
    launch(FILE, f"namespace:={graph.namespace}", "nodes:=person_detection", "fleet:=tcp/127.0.0.1:17447")
    graph.diagnosis("fleet_bridge: hub", "there is no hub at tcp/127.0.0.1:17447")


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


@pytest.mark.parametrize("file", [FILE, "opendr_compat.launch.py"])
def test_arguments_tell_what_they_mean(launch: Callable[..., Any], file: str) -> None:
    process = launch(file, "--show-args")
    assert process.end() == 0
    for name in ARGUMENTS:
        assert f"'{name}':" in process.output
    assert "no description given" not in process.output
