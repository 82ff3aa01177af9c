"""Webots with the people of the simulated world, and the nodes that recognise them and move the robot.

    ros2 launch opendr_perception webots.launch.py
    ros2 launch opendr_perception webots.launch.py nodes:=person_detection world:=mine.wbt

It needs Webots and the package webots_ros2. The world is written to the user's cache when it is not there.
"""

import importlib
import os
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from opendr_perception.ros.run import choose_transport, share_directory
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.webots import WORLD, export
from opendr_perception.zoo.cache import default_cache

BEFORE_STAMPS = ("humble", "jazzy")
"""Distributions in which velocities usually have no stamp."""
ARGUMENTS = [
    DeclareLaunchArgument(
        "nodes",
        default_value="face_recognition view_control",
        description="Which nodes look at the world: names with commas or spaces between them.",
    ),
    DeclareLaunchArgument(
        "world", default_value="", description="A file for Webots; empty takes the people of this package."
    ),
    DeclareLaunchArgument(
        "motion",
        default_value="holonomic",
        choices=["holonomic", "differential"],
        description="How the robot can move.",
    ),
    DeclareLaunchArgument(
        "stamped",
        default_value=str(os.environ.get("ROS_DISTRO", "") not in BEFORE_STAMPS).lower(),
        choices=["true", "false"],
        description="Velocities are a TwistStamped; as is usual in the distribution by default.",
    ),
]

# As in sim.launch.py: the faces of these people are a little smaller than view_control expects. Nobody tells tf where
# the camera is.
SIMULATED = {"face_size": 0.135, "camera_pose": [CAMERA_AHEAD, 0.0, SimulatedCamera().above, 0.0, 0.0, 0.0]}


def start(context: LaunchContext) -> list[Any]:
    """Webots, the driver of its robot, and one process for all nodes."""
    arguments = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    names = arguments["nodes"].replace(",", " ").split()
    missing = [name for name in names if not (share_directory() / "config" / f"{name}.yaml").is_file()]
    if missing or not names:
        raise ValueError(f"nodes: there is no node '{' '.join(missing)}'")
    try:
        launcher = importlib.import_module("webots_ros2_driver.webots_launcher")
        controller = importlib.import_module("webots_ros2_driver.webots_controller")
    except ModuleNotFoundError as error:
        raise RuntimeError("the package webots_ros2 is missing: apt-get install ros-$ROS_DISTRO-webots-ros2") from error
    choose_transport()
    world = arguments["world"] or str(world_of_people())
    webots = launcher.WebotsLauncher(world=world, ros2_supervisor=True)
    robot = controller.WebotsController(
        robot_name="robot", parameters=[{"robot_description": description(arguments), "use_sim_time": True}]
    )
    overrides: dict[str, Any] = {"use_sim_time": True}
    if "view_control" in names:
        overrides |= {"motion": arguments["motion"], "stamped": arguments["stamped"] == "true", **SIMULATED}
    perception = Node(
        executable=str(share_directory().parents[1] / "bin" / "opendr-perception"),
        arguments=["run", *names],
        parameters=[*(str(share_directory() / "config" / f"{name}.yaml") for name in names), overrides],
        remappings=[("image_raw", "camera/image_color"), ("camera_info", "camera/camera_info")],
        output="screen",
    )
    return [webots, webots._supervisor, robot, perception]


def world_of_people() -> Path:
    """The world in the user's cache."""
    folder = default_cache().root / "webots"
    world = folder / WORLD
    return world if world.is_file() else export(folder)


def description(arguments: dict[str, str]) -> str:
    """A file that tells the driver what the robot has, with the arguments filled in."""
    template = (share_directory() / "launch" / "webots_robot.urdf").read_text()
    text = template.replace("<motion>holonomic<", f"<motion>{arguments['motion']}<")
    text = text.replace("<stamped>false<", f"<stamped>{arguments['stamped']}<")
    file = default_cache().root / "webots" / "robot.urdf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(file)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
