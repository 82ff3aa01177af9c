"""sim.launch.py, by `ros2 launch`."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from opendr_perception.msg import DetectionArray
from rosgraph_msgs.msg import Clock

from opendr_perception.sim.rendering import SimulatorError, load_mujoco

FILE = "sim.launch.py"


def test_nodes_see_the_people_of_the_simulated_world(graph: Any, launch: Callable[..., Any], models: Any) -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    process = launch(FILE, f"namespace:={graph.namespace}", "nodes:=person_detection", "scene:=crowd", "seed:=3")
    persons = graph.listen(DetectionArray, "persons").find(lambda m: m.detections, "persons")
    graph.listen(Clock, "/clock").find(lambda m: m.clock.sec >= persons.header.stamp.sec, "simulated time")
    assert (persons.width, persons.height, persons.header.frame_id) == (640, 480, "camera")
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
    assert process.output.count("process has finished cleanly") == 2
    assert "Traceback" not in process.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nodes:=simulation"], "nodes: there is no node 'simulation'; the nodes are "),
        (["params_file:=/nowhere/mine.yaml", "nodes:=pose_estimation"], "there is no file /nowhere/mine.yaml"),
        (["robot:=legged"], 'Argument "robot" provided value "legged" is not valid'),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_starts(
    launch: Callable[..., Any], arguments: list[str], says: str
) -> None:
    process = launch(FILE, *arguments)
    assert process.end() == 1
    assert says in process.output
    assert "process started" not in process.output
