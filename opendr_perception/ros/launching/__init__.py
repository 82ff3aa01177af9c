"""Parts of the launch files; only these import them, since `launch` comes with a ROS installation."""

from opendr_perception.ros.launching.camera import PERCEPTION, perception
from opendr_perception.ros.launching.processes import (
    COMMON,
    argument,
    is_stamped,
    nodes_argument,
    process,
    selected_nodes,
    values,
)

__all__ = [
    "COMMON",
    "PERCEPTION",
    "argument",
    "is_stamped",
    "nodes_argument",
    "perception",
    "process",
    "selected_nodes",
    "values",
]
