"""A simulated robot in a room with people, and the nodes that recognise them and move the robot to see them better.

    ros2 launch opendr_perception sim.launch.py
    ros2 launch opendr_perception sim.launch.py scene:=occluded seed:=7 robot:=differential
    ros2 launch opendr_perception sim.launch.py scene:=covered robot:=free
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
from opendr_perception.ros.robot.head_topics import PAN_LINK
from opendr_perception.sim.model import CAMERA_AHEAD

SIMULATION = "simulation"
ARGUMENTS = [
    nodes_argument("face_recognition view_control"),
    argument(
        "scene",
        "",
        "What stands in the room; empty: as in the parameters.",
        ("", "single", "occluded", "covered", "crowd", "tour"),
    ),
    argument("seed", "0", "Of all that is drawn by chance."),
    argument(
        "robot",
        "holonomic",
        "How the robot can move, for the simulation and for view_control; pan_tilt stands, and turns its head; free "
        "also goes up and down.",
        ("holonomic", "differential", "pan_tilt", "free"),
    ),
    *COMMON,
]

# Faces of simulated people are a little smaller than view_control expects, and a small machine that draws the world too
# answers late; no real person is near. tf2_msgs, by which the simulation tells where its camera is, is not everywhere.
# A params_file may say otherwise.
SIMULATED = {"face_size": 0.135, "command_timeout": 0.6, "camera_pose": [CAMERA_AHEAD, 0.0, 1.5, 0.0, 0.0, 0.0]}


def start(context: LaunchContext) -> list[Node]:
    """One process for the world, and one for all nodes that look at it."""
    given = values(context, ARGUMENTS)
    names = selected_nodes(given["nodes"], without=[SIMULATION])
    stamped = is_stamped(given)
    head = given["robot"] == "pan_tilt"
    world = {"robot": "holonomic" if head else given["robot"], "head": head, "seed": int(given["seed"]), **stamped}
    if given["scene"]:
        world["scene"] = given["scene"]
    overrides = {"use_sim_time": True, "motion": given["robot"], **stamped}
    if head:  # people are placed from the link that pans
        overrides["frame_id"] = PAN_LINK
    return [process([SIMULATION], given, world), process(names, given, overrides, SIMULATED)]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
