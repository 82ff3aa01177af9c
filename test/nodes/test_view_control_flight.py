"""The node `view_control` with motion free, which is for simulations: no robot is moved by it."""

from __future__ import annotations

from typing import Any

import pytest

from opendr_perception.nodes.simulation import Simulation
from opendr_perception.ros.robot.velocity_publisher import VelocityPublisher
from opendr_perception.sim.rendering import SimulatorError, load_mujoco

REFUSED = "motion free is for a simulation"


def test_without_the_time_of_a_simulation_it_is_refused(control: Any, capfd: pytest.CaptureFixture[str]) -> None:
    node = control(motion="free")
    assert node.stage == "unconfigured"
    (line,) = (line for line in capfd.readouterr().err.splitlines() if "cannot configure" in line)
    assert f"{REFUSED} only: use_sim_time is false" in line


@pytest.mark.parametrize("wrong", [[1.0, 0.0], [0.0]])
def test_heights_that_are_no_range_are_refused(
    control: Any, capfd: pytest.CaptureFixture[str], wrong: list[float]
) -> None:
    assert control(motion="free", use_sim_time=True, height_range=wrong).stage == "unconfigured"
    assert "[least, largest]" in capfd.readouterr().err


def test_a_robot_that_hears_the_commands_is_not_moved(graph: Any, client: Any, robot: Any) -> None:
    base = robot(motion="free", use_sim_time=True)
    _, message = client.ends(client.send())
    assert message.startswith(REFUSED)
    assert graph.diagnosis("motion", REFUSED)["level"] == "1"
    assert base.stands(True)


def test_the_simulated_world_is_no_robot(graph: Any) -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    commands = VelocityPublisher(graph.observer, False, "base_link")
    assert not commands.only_simulated()
    graph.run(Simulation, robot="free", scene="single", people=1, width=64, height=48)
    graph.wait(commands.only_simulated, lambda: "the world is not heard of")
    commands.close()
