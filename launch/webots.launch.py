"""Webots with the people of the simulated world, and the nodes that recognise them and move the robot.

    ros2 launch opendr_perception webots.launch.py
    ros2 launch opendr_perception webots.launch.py nodes:=person_detection world:=mine.wbt

It needs Webots and the package webots_ros2. The world is written to the user's cache when it is not there.
"""

import importlib
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown

from opendr_perception.ros.launching import (
    COMMON,
    argument,
    is_stamped,
    nodes_argument,
    process,
    selected_nodes,
    values,
)
from opendr_perception.ros.node import share_directory
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.webots import WORLD, export
from opendr_perception.zoo.cache import default_cache

ARGUMENTS = [
    nodes_argument("face_recognition view_control"),
    argument("world", "", "A file for Webots; empty takes the people of this package."),
    argument("motion", "holonomic", "How the robot can move.", ("holonomic", "differential")),
    *(item for item in COMMON if item.name != "namespace"),  # Webots' driver is where it is
]

# As in sim.launch.py: the faces of these people are a little smaller than view_control expects. Nobody tells tf where
# the camera is. A params_file may say otherwise.
SIMULATED = {"face_size": 0.135, "camera_pose": [CAMERA_AHEAD, 0.0, SimulatedCamera().above, 0.0, 0.0, 0.0]}


def start(context: LaunchContext) -> list[Any]:
    """Webots, the driver of its robot, and one process for all nodes."""
    given = values(context, ARGUMENTS)
    names = selected_nodes(given["nodes"])
    try:
        launcher = importlib.import_module("webots_ros2_driver.webots_launcher")
        controller = importlib.import_module("webots_ros2_driver.webots_controller")
    except ModuleNotFoundError as error:
        raise RuntimeError("the package webots_ros2 is missing: apt-get install ros-$ROS_DISTRO-webots-ros2") from error
    stamped = is_stamped(given)
    webots = launcher.WebotsLauncher(world=given["world"] or str(world_of_people()), ros2_supervisor=True)
    robot = controller.WebotsController(
        robot_name="robot",
        parameters=[{"robot_description": description(given["motion"], stamped["stamped"]), "use_sim_time": True}],
    )
    overrides = {"use_sim_time": True, "motion": given["motion"], **stamped}
    remappings = [("image_raw", "camera/image_color"), ("camera_info", "camera/camera_info")]
    closed = OnProcessExit(target_action=webots, on_exit=[EmitEvent(event=Shutdown(reason="Webots was closed"))])
    nodes = process(names, given, overrides, SIMULATED, remappings=remappings)
    return [webots, webots._supervisor, robot, RegisterEventHandler(closed), nodes]


def world_of_people() -> Path:
    """The world in the user's cache."""
    folder = default_cache().root / "webots"
    world = folder / WORLD
    return world if world.is_file() else export(folder)


def description(motion: str, stamped: bool) -> str:
    """A file that tells the driver what the robot has, filled in."""
    template = (share_directory() / "launch" / "webots_robot.urdf").read_text()
    text = template.replace("<motion>holonomic<", f"<motion>{motion}<")
    text = text.replace("<stamped>false<", f"<stamped>{str(stamped).lower()}<")
    file = default_cache().root / "webots" / "robot.urdf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(file)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
