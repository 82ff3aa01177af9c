"""What every node is made of: life cycle and parameters; and how nodes become a process."""

from opendr_perception.ros.node.managed import ManagedNode, NodeParameters, brief
from opendr_perception.ros.node.parameters import as_markdown, as_yaml, parameter
from opendr_perception.ros.node.programs import running
from opendr_perception.ros.node.runner import choose_transport, keep_to_ourselves, main, run, share_directory

__all__ = [
    "ManagedNode",
    "NodeParameters",
    "as_markdown",
    "as_yaml",
    "brief",
    "choose_transport",
    "keep_to_ourselves",
    "main",
    "parameter",
    "qos",
    "run",
    "running",
    "share_directory",
]
