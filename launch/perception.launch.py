"""Perception of people: the nodes that you name, in one process or in one process each.

    ros2 launch opendr_perception perception.launch.py image:=/front/image_raw device:=cuda
    ros2 launch opendr_perception perception.launch.py video:=people.mp4 nodes:=pose_estimation
    ros2 launch opendr_perception perception.launch.py --show-args

An argument that is empty leaves the choice to the parameter files, where all defaults are.
"""

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from opendr_perception.ros.run import choose_transport, share_directory

PACKAGE = "opendr_perception"
DIAGNOSTICS = "diagnostics"
"""In config/, the one file that is not of a node."""
SOURCES = ("video_source", "simulation")
"""Nodes without a model, and so without a device."""
YES_NO = ["true", "false"]
ARGUMENTS = [
    DeclareLaunchArgument(
        "nodes",
        default_value="person_detection pose_estimation action_recognition face_recognition emotion_recognition",
        description="Which nodes to start: names with commas or spaces between them.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value="",
        description="Parameters in a YAML file; empty takes config/<node>.yaml of this package for each node.",
    ),
    DeclareLaunchArgument("namespace", default_value="", description="Namespace of all nodes and their topics."),
    DeclareLaunchArgument(
        "image",
        default_value="image_raw",
        description="Topic of the camera; compressed images are expected on <image>/compressed.",
    ),
    DeclareLaunchArgument(
        "device",
        default_value="",
        choices=["", "cpu", "cuda", "tensorrt"],
        description="Where the models run; empty: as in the parameters.",
    ),
    DeclareLaunchArgument(
        "composed",
        default_value="true",
        choices=YES_NO,
        description="true: all nodes in one process, which needs the least memory; false: one process for each node.",
    ),
    DeclareLaunchArgument(
        "video",
        default_value="",
        description="Also play this video, directory of pictures, camera ('0') or bag as the camera, by video_source.",
    ),
    DeclareLaunchArgument(
        "autostart",
        default_value="",
        choices=["", *YES_NO],
        description="false leaves the nodes unconfigured, for a lifecycle manager; empty: as in the parameters.",
    ),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="Log messages of this level and above are shown.",
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=["", *YES_NO],
        description="true follows /clock, for simulators and bags; empty: as in the parameters.",
    ),
]


def start(context: LaunchContext) -> list[Node]:
    """The processes that the arguments ask for."""
    arguments = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    names = selected_nodes(arguments)
    choose_transport()  # nodes do it for themselves; here it also serves what is launched later, such as a camera
    if arguments["composed"] == "true":
        program = share_directory().parents[1] / "bin" / "opendr-perception"
        return [Node(executable=str(program), arguments=["run", *names], **options(arguments, names))]
    return [Node(package=PACKAGE, executable=name, **options(arguments, [name])) for name in names]


def options(arguments: dict[str, str], names: list[str]) -> dict[str, Any]:
    """What is the same for all processes, but for the parameter files of the nodes in it."""
    return {
        "namespace": arguments["namespace"],
        "parameters": [*map(str, parameter_files(arguments, names)), overrides(arguments, names)],
        "remappings": [(f"image_raw{transport}", arguments["image"] + transport) for transport in ("", "/compressed")],
        "ros_arguments": ["--log-level", arguments["log_level"]],
        "output": "screen",
    }


def selected_nodes(arguments: dict[str, str]) -> list[str]:
    """The names of the nodes, each once."""
    names = arguments["nodes"].replace(",", " ").split()
    if arguments["video"]:
        names.append("video_source")
    known = sorted(file.stem for file in (share_directory() / "config").glob("*.yaml") if file.stem != DIAGNOSTICS)
    for name in names:
        if name not in known:
            raise ValueError(f"nodes: there is no node '{name}'; the nodes are {', '.join(known)}")
    if not names:
        raise ValueError(f"nodes: no node is given; the nodes are {', '.join(known)}")
    return list(dict.fromkeys(names))


def parameter_files(arguments: dict[str, str], names: list[str]) -> list[Path]:
    """The user's file, or those of the package."""
    if not arguments["params_file"]:
        return [share_directory() / "config" / f"{name}.yaml" for name in names]
    file = Path(arguments["params_file"]).expanduser()
    if not file.is_file():
        raise ValueError(f"params_file: there is no file {file}")
    return [file]


def overrides(arguments: dict[str, str], names: list[str]) -> dict[str, Any]:
    """The parameters that arguments give to a process with these nodes: those that one of them has."""
    given = {name: arguments[name] == "true" for name in ("autostart", "use_sim_time") if arguments[name]}
    if arguments["device"] and any(name not in SOURCES for name in names):
        given["device"] = arguments["device"]
    if arguments["video"] and "video_source" in names:  # always text, although '0' reads like a number
        given["path"] = ParameterValue(str(Path(arguments["video"]).expanduser()), value_type=str)
    return given


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
