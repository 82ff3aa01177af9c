"""A simulated robot in a room with people, and the nodes that recognise them and move the robot to see them better.

    ros2 launch opendr_perception sim.launch.py
    ros2 launch opendr_perception sim.launch.py scene:=occluded seed:=7 robot:=differential
    ros2 launch opendr_perception sim.launch.py nodes:=person_detection,pose_estimation
    ros2 launch opendr_perception sim.launch.py --show-args

An argument that is empty leaves the choice to the parameter files, where all defaults are.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from opendr_perception.ros.launching import (
    COMMON,
    argument,
    is_stamped,
    nodes_argument,
    process,
    selected_nodes,
    values,
)

SIMULATION = "simulation"
ARGUMENTS = [
    nodes_argument("face_recognition view_control"),
    argument(
        "scene",
        "",
        "What stands in the room; empty: as in the parameters.",
        ("", "single", "occluded", "crowd", "tour"),
    ),
    argument("seed", "0", "Of all that is drawn by chance."),
    argument(
        "robot",
        "holonomic",
        "How the robot can move, for the simulation and for view_control.",
        ("holonomic", "differential"),
    ),
    *COMMON,
]

# Faces of simulated people are a little smaller than view_control expects, and a small machine that draws the world too
# answers late; no real person is near.
SIMULATED = {"face_size": 0.135, "command_timeout": 0.6}


def start(context: LaunchContext) -> list[Node]:
    """One process for the world, and one for all nodes that look at it."""
    given = values(context, ARGUMENTS)
    names = selected_nodes(given["nodes"], without=[SIMULATION])
    stamped = is_stamped(given)
    world = {"robot": given["robot"], "seed": int(given["seed"]), **stamped}
    if given["scene"]:
        world["scene"] = given["scene"]
    overrides = {"use_sim_time": True, "motion": given["robot"], **SIMULATED, **stamped}
    return [process([SIMULATION], given, world), process(names, given, overrides)]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
