"""The examples for what drives beside this package fit its nodes, and each other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.view_control import Parameters, ViewControl
from opendr_perception.ros.node import runner

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "config" / "examples"
DEFAULTS = Parameters()


def parameters(name: str) -> dict[str, Any]:
    """Parameters that an example sets."""
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    assert list(content) == [name], "the name of the file is that of its node"
    assert list(content[name]) == ["ros__parameters"]
    values: dict[str, Any] = content[name]["ros__parameters"]
    return values


def commands(name: str) -> dict[str, list[str]]:
    """The commands in an example's comments: executable -> its arguments."""
    lines = re.findall(
        r"^#   (?:ros2 run \w+|opendr-perception run) (\w.*)$", (EXAMPLES / f"{name}.yaml").read_text(), re.M
    )
    return {words[0]: words[1:] for words in map(shlex.split, lines)}


def remapped(arguments: list[str], name: str) -> str:
    """Topics of a command."""
    (target,) = (item.partition(":=")[2] for item in arguments if item.startswith(f"{name}:="))
    return target


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_example_is_installed_described_and_takes_real_types(path: Path) -> None:
    assert (runner.share_directory() / "config" / "examples" / path.name).exists()
    assert f"examples/{path.name}" in (ROOT / "docs" / "safety.md").read_text()
    assert not re.search(r"time_?out\w*: \d+\s", path.read_text()), "a double without its point is refused by rclcpp"
    parameters(path.stem)


def test_velocities_go_from_one_to_the_next_until_the_base() -> None:
    drives, mux = commands("twist_mux")["view_control"], commands("twist_mux")["twist_mux"]
    smoother, monitor = commands("velocity_smoother")["velocity_smoother"], parameters("collision_monitor")
    assert remapped(drives, "cmd_vel") == parameters("twist_mux")["topics"]["people"]["topic"]
    assert remapped(mux, "cmd_vel_out") == remapped(smoother, "cmd_vel")
    assert monitor["cmd_vel_in_topic"] == "cmd_vel_smoothed", "the name that the smoother's output has"
    assert monitor["cmd_vel_out_topic"] == "cmd_vel"


@pytest.mark.parametrize(("stamped", "kind"), [(True, "TwistStamped"), (False, "Twist")])
def test_view_control_started_as_said_speaks_to_the_mux(graph: Any, models: Any, stamped: bool, kind: str) -> None:
    arguments = commands("twist_mux")["view_control"]
    assert parameters("twist_mux")["use_stamped"] is True
    assert "stamped:=true" in arguments
    changed = [item.replace("stamped:=true", f"stamped:={stamped}".lower()) for item in arguments]
    graph.run(ViewControl, *changed[1:])  # without --ros-args
    topic = f"{graph.namespace}/{parameters('twist_mux')['topics']['people']['topic']}"
    graph.wait(lambda: bool(graph.observer.get_publishers_info_by_topic(topic)), lambda: f"nobody publishes {topic}")
    (publisher,) = graph.observer.get_publishers_info_by_topic(topic)
    assert publisher.topic_type == f"geometry_msgs/msg/{kind}"
    scan = f"{graph.namespace}/{parameters('collision_monitor')['scan']['topic']}"
    graph.wait(lambda: bool(graph.observer.get_subscriptions_info_by_topic(scan)), lambda: f"nobody listens to {scan}")
    assert graph.observer.get_subscriptions_info_by_topic(scan)[0].topic_type == "sensor_msgs/msg/LaserScan"


def test_all_that_is_stamped_is_so_together() -> None:
    stamps = {parameters(name)["enable_stamped_cmd_vel"] for name in ("velocity_smoother", "collision_monitor")}
    assert stamps == {parameters("twist_mux")["use_stamped"]} == {True}


def test_what_comes_after_view_control_does_not_slow_it_or_keep_it_from_braking() -> None:
    smoother, base = parameters("velocity_smoother"), parameters("diff_drive_controller")
    x, y, yaw = smoother["max_velocity"]
    assert x == y == -smoother["min_velocity"][0] == DEFAULTS.max_linear
    assert yaw == -smoother["min_velocity"][2] == DEFAULTS.max_angular
    assert all(-brakes > DEFAULTS.max_acceleration for brakes in smoother["max_decel"][:2])
    assert -smoother["max_decel"][2] > DEFAULTS.max_angular_acceleration
    assert all(limit > DEFAULTS.max_acceleration for limit in smoother["max_accel"][:2])
    assert base["linear"]["x"] == {"max_velocity": x, "min_velocity": -x}
    assert base["angular"]["z"] == {"max_velocity": yaw, "min_velocity": -yaw}


def test_silence_stops_the_robot_before_long_but_a_gap_of_one_command_does_not() -> None:
    timeouts = [
        parameters("twist_mux")["topics"]["people"]["timeout"],
        parameters("velocity_smoother")["velocity_timeout"],
        parameters("diff_drive_controller")["cmd_vel_timeout"],
    ]
    assert all(0.1 < each <= 0.5 for each in timeouts)


def test_the_collision_monitor_comes_second() -> None:
    monitor = parameters("collision_monitor")
    assert set(monitor["polygons"]) | set(monitor["observation_sources"]) <= set(monitor)
    assert monitor["base_frame_id"] == DEFAULTS.frame_id
    assert monitor["approach"]["radius"] == DEFAULTS.robot_radius
    assert DEFAULTS.robot_radius < monitor["stop"]["radius"] < DEFAULTS.robot_radius + DEFAULTS.clearance


def test_the_lifecycle_manager_leads_nodes_that_there_are_and_expects_no_bond() -> None:
    manager = parameters("lifecycle_manager")
    assert manager["node_names"] == [FaceRecognition.NAME, ViewControl.NAME], "who drives is stopped first"
    assert manager["bond_timeout"] == 0.0
    assert manager["autostart"] is True
    arguments = commands("lifecycle_manager")["face_recognition"]
    assert arguments[0] == ViewControl.NAME
    assert "autostart:=false" in arguments
