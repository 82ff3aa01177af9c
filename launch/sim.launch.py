"""A simulated robot in a room with people, and the nodes that recognise them and move the robot to see them better.

    ros2 launch opendr_perception sim.launch.py
    ros2 launch opendr_perception sim.launch.py scene:=occluded seed:=7 robot:=differential
    ros2 launch opendr_perception sim.launch.py nodes:=person_detection,pose_estimation
    ros2 launch opendr_perception sim.launch.py --show-args

An argument that is empty leaves the choice to the parameter files, where all defaults are.
"""

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from opendr_perception.ros.run import choose_transport, share_directory
from opendr_perception.sim.model import CAMERA_AHEAD

SIMULATION = "simulation"
ARGUMENTS = [
    DeclareLaunchArgument(
        "nodes",
        default_value="face_recognition view_control",
        description="Which nodes look at the simulated world: names with commas or spaces between them.",
    ),
    DeclareLaunchArgument(
        "scene",
        default_value="",
        choices=["", "single", "occluded", "crowd", "tour"],
        description="What stands in the room; empty: as in the parameters.",
    ),
    DeclareLaunchArgument("seed", default_value="0", description="Of all that is drawn by chance."),
    DeclareLaunchArgument(
        "robot",
        default_value="holonomic",
        choices=["holonomic", "differential"],
        description="How the robot can move, for the simulation and for view_control.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value="",
        description="Parameters in a YAML file; empty takes config/<node>.yaml of this package for each node.",
    ),
    DeclareLaunchArgument("namespace", default_value="", description="Namespace of all nodes and their topics."),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="Log messages of this level and above are shown.",
    ),
]

# Faces of simulated people are a little smaller than view_control expects, and a small machine that draws the world too
# answers late; no real person is near. tf2_msgs, by which the simulation tells where its camera is, is not everywhere.
SIMULATED = {"face_size": 0.135, "command_timeout": 0.6, "camera_pose": [CAMERA_AHEAD, 0.0, 1.5, 0.0, 0.0, 0.0]}


def start(context: LaunchContext) -> list[Node]:
    """One process for the world, and one for all nodes that look at it."""
    arguments = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    names = selected_nodes(arguments["nodes"])
    choose_transport()
    world = {"robot": arguments["robot"], "seed": int(arguments["seed"])}
    if arguments["scene"]:
        world["scene"] = arguments["scene"]
    overrides: dict[str, Any] = {"use_sim_time": True}
    if "view_control" in names:
        overrides |= {"motion": arguments["robot"], **SIMULATED}
    return [program([SIMULATION], arguments, world), program(names, arguments, overrides)]


def program(names: list[str], arguments: dict[str, str], overrides: dict[str, Any]) -> Node:
    """A process with nodes; each takes those parameters that it has."""
    return Node(
        executable=str(share_directory().parents[1] / "bin" / "opendr-perception"),
        arguments=["run", *names],
        namespace=arguments["namespace"],
        parameters=[*map(str, parameter_files(arguments["params_file"], names)), overrides],
        ros_arguments=["--log-level", arguments["log_level"]],
        output="screen",
    )


def selected_nodes(text: str) -> list[str]:
    """The names of the nodes that look at the world, each once."""
    files = (share_directory() / "config").glob("*.yaml")
    known = sorted(file.stem for file in files if file.stem not in (SIMULATION, "diagnostics"))
    names = list(dict.fromkeys(text.replace(",", " ").split()))
    for name in names:
        if name not in known:
            raise ValueError(f"nodes: there is no node '{name}'; the nodes are {', '.join(known)}")
    if not names:
        raise ValueError(f"nodes: no node is given; the nodes are {', '.join(known)}")
    return names


def parameter_files(chosen: str, names: list[str]) -> list[Path]:
    """The user's file, or those of the package."""
    if not chosen:
        return [share_directory() / "config" / f"{name}.yaml" for name in names]
    file = Path(chosen).expanduser()
    if not file.is_file():
        raise ValueError(f"params_file: there is no file {file}")
    return [file]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
