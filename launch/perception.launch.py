"""Perception of people: the nodes that you name, in one process or in one process each.

    ros2 launch opendr_perception perception.launch.py image:=/front/image_raw device:=cuda
    ros2 launch opendr_perception perception.launch.py streams:=front,rear respawn:=true
    ros2 launch opendr_perception perception.launch.py video:=people.mp4 nodes:=pose_estimation
    ros2 launch opendr_perception perception.launch.py image:=/front/image_raw audio:=/microphone/audio
    ros2 launch opendr_perception perception.launch.py fleet:=tcp/192.168.1.5:7447
    ros2 launch opendr_perception perception.launch.py --show-args

An argument that is empty leaves the choice to the parameter files, where all defaults are.
"""

from launch import LaunchDescription
from launch.actions import OpaqueFunction

from opendr_perception.ros.launching import PERCEPTION, perception


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*PERCEPTION, OpaqueFunction(function=perception)])
