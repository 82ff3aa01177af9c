"""Base of every node: life cycle and parameters; and the runner that turns nodes into a process."""

from opendr_perception.ros.node.carrying import CARRIED, carried
from opendr_perception.ros.node.executor import ExecutorThread, spinning
from opendr_perception.ros.node.managed import ManagedNode, NodeParameters, brief
from opendr_perception.ros.node.parameters import as_markdown, as_yaml, parameter
from opendr_perception.ros.node.programs import end_with_parent, running
from opendr_perception.ros.node.runner import choose_transport, isolate_domain, main, run, share_directory

__all__ = [
    "CARRIED",
    "ExecutorThread",
    "ManagedNode",
    "NodeParameters",
    "as_markdown",
    "as_yaml",
    "brief",
    "carried",
    "choose_transport",
    "end_with_parent",
    "isolate_domain",
    "main",
    "parameter",
    "qos",
    "run",
    "running",
    "share_directory",
    "spinning",
]
