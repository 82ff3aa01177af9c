"""sim.launch.py robot:=free, by `ros2 launch`: a robot that flies, and how it ends."""

from __future__ import annotations

import math
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from opendr_perception.action import IdentifyPerson
from rosgraph_msgs.msg import Clock

from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.world import World

STILL = 0.01
"""m/s"""


@pytest.fixture
def flying(graph: Any, launch: Callable[..., Any], models: Any, tmp_path: Path) -> Any:
    """The launch file, whose robot goes up or down before somebody whose face is covered; and what is heard of it."""
    person = load_people()[0]
    try:
        with World(people=[person]) as world:
            take_portraits(world, [person.name], tmp_path / "gallery")
    except SimulatorError as error:
        pytest.skip(str(error))
    parameters = tmp_path / "mine.yaml"
    look = f"ros__parameters: {{gallery: {tmp_path / 'gallery'}, threads: 1}}"
    parameters.write_text(
        f"/**:\n  face_recognition:\n    {look}\n  view_control:\n    {look}\n"
        "  simulation:\n    ros__parameters: {people: 1, width: 480, height: 360, rate: 8.0}\n"
    )
    graph.observer.create_publisher(Clock, "/clock", 1)  # who hears the commands must be part of a simulation
    commands, odometry = graph.listen(Twist, "cmd_vel"), graph.listen(Odometry, "odom")
    scene = ("robot:=free", "scene:=covered", "seed:=2")
    process = launch("sim.launch.py", f"namespace:={graph.namespace}", f"params_file:={parameters}", *scene)
    client = graph.goals(IdentifyPerson, "view_control/identify")
    odometry.find(lambda m: True, "odom")
    graph.diagnosis("sight", "people can be seen")
    assert client.send(policy="occlusion").accepted
    commands.find(lambda m: abs(m.linear.z) > 0.03, "a way up or down")
    odometry.find(lambda m: abs(m.pose.pose.position.z) > 0.02, "a height")
    return process, commands, odometry


def speed(twist: Twist) -> float:
    return math.hypot(twist.linear.x, twist.linear.y, twist.linear.z)


@pytest.mark.slow
def test_ctrl_c_stops_a_robot_that_flies_before_all_ends(flying: Any) -> None:
    process, commands, _ = flying
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
    assert speed(commands.messages[-1]) == 0
    assert process.output.count("process has finished cleanly") == 2
    assert "Traceback" not in process.output


@pytest.mark.slow
def test_a_killed_controller_leaves_a_robot_that_stands(flying: Any) -> None:
    process, _, odometry = flying
    (pid,) = re.findall(r"\[opendr-perception-\d\]: process started with pid \[(\d+)\]", process.output)
    os.kill(int(pid), signal.SIGKILL)
    process.says("process has died")
    heard = len(odometry.messages)
    odometry.wait(heard + 10)
    assert all(speed(m.twist.twist) < STILL for m in odometry.messages[heard + 8 :])
