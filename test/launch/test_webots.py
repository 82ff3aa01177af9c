"""webots.launch.py, by `ros2 launch`, as far as it goes without Webots: a stand-in for its package starts programs that
get the same arguments, and makes the robot's plugin as the driver does."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Image

LAUNCHER = """
import sys
from launch.actions import ExecuteProcess

class WebotsLauncher(ExecuteProcess):
    def __init__(self, output="screen", world=None, gui=True, mode="realtime", stream=False, ros2_supervisor=False,
                 port="1234", **kwargs):
        if ros2_supervisor:
            self._supervisor = ExecuteProcess(cmd=[sys.executable, "{folder}/wait.py"], output="screen")
        super().__init__(output=output, cmd=[sys.executable, "{folder}/world.py", world], **kwargs)
"""
CONTROLLER = """
import sys
from launch.actions import ExecuteProcess

class WebotsController(ExecuteProcess):
    def __init__(self, output="screen", respawn=False, remappings=[], namespace="", parameters=[], robot_name="",
                 port="1234", **kwargs):
        given = [f"{{name}}:={{value}}" for part in parameters for name, value in part.items()]
        super().__init__(output=output, cmd=[sys.executable, "{folder}/robot.py", robot_name, *given], **kwargs)
"""
WAIT = """
import signal, threading
ended = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: ended.set())
ended.wait()
"""
WORLD = """
import os, sys, time
print("world", os.path.getsize(sys.argv[1]), flush=True)
while os.path.exists("{folder}/open"):  # until its window is closed
    time.sleep(0.05)
"""
ROBOT = """
import importlib, signal, sys, time
from xml.etree import ElementTree

class Robot:
    def getSelf(self): return self
    def getTime(self): return time.monotonic()
    def getOrientation(self): return [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    def getPosition(self): return [1.5, 0.0, 0.16]
    def getVelocity(self): return [0.0] * 6
    def setVelocity(self, velocity): pass

class WebotsNode:
    robot = Robot()

given = dict(part.split(":=", 1) for part in sys.argv[2:])
print("robot", sys.argv[1], given["use_sim_time"], flush=True)
description = ElementTree.parse(given["robot_description"])
element = description.find("webots/plugin")
module, _, name = element.get("type").rpartition(".")
plugin = getattr(importlib.import_module(module), name)()
plugin.init(WebotsNode(), {{child.tag: child.text for child in element}})
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
while True:
    plugin.step()
    time.sleep(0.02)
"""


@pytest.fixture
def webots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that is there as long as Webots is open, beside a package that starts programs in its place."""
    package = tmp_path / "webots_ros2_driver"
    package.mkdir()
    texts = {"webots_launcher": LAUNCHER, "webots_controller": CONTROLLER, "__init__": ""}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text.format(folder=tmp_path))
    for name, text in {"wait": WAIT, "world": WORLD, "robot": ROBOT}.items():
        (tmp_path / f"{name}.py").write_text(text.format(folder=tmp_path))
    (tmp_path / "open").touch()
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path), *filter(None, sys.path)]))
    return tmp_path / "open"


def test_world_robot_and_nodes_are_started_and_end_with_webots(
    graph: Any, launch: Callable[..., Any], models: Any, webots: Path
) -> None:
    process = launch("webots.launch.py", "nodes:=person_detection", "stamped:=true", "motion:=differential")
    seen = graph.listen(Odometry, "/odom", publishers=1).wait()[-1]
    assert seen.pose.pose.position.x == 1.5
    graph.publisher(Image, "/camera/image_color")  # the node takes what Webots' camera says
    webots.unlink()
    assert process.end() == 0, process.output
    assert "robot robot True" in process.output
    assert process.output.count("process started") == 4
    assert "Traceback" not in process.output


def test_it_says_what_is_missing(launch: Callable[..., Any]) -> None:
    if importlib.util.find_spec("webots_ros2_driver") is not None:
        pytest.skip("webots_ros2 is here")
    process = launch("webots.launch.py", "nodes:=person_detection")
    assert process.end() == 1
    assert "the package webots_ros2 is missing" in process.output
    assert "process started" not in process.output


def test_a_wrong_node_is_named(launch: Callable[..., Any]) -> None:
    process = launch("webots.launch.py", "nodes:=pose")
    assert process.end() == 1
    assert "nodes: there is no node 'pose'" in process.output


def test_arguments_tell_what_they_mean(launch: Callable[..., Any]) -> None:
    process = launch("webots.launch.py", "--show-args")
    assert process.end() == 0
    for name in ("nodes", "world", "motion", "stamped", "respawn", "params_file"):
        assert f"'{name}':" in process.output
    assert "no description given" not in process.output
