"""Parameters that were given at start and that nobody takes: ROS passes over them without a word."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from opendr_perception.ros.node.managed import ManagedNode
from opendr_perception.settings import former_names

QOS = "qos_overrides."
"""Declared when a node subscribes, so that nothing can be said of them before all nodes are active."""


def undeclared(nodes: Sequence[ManagedNode]) -> list[str]:
    """One line for each parameter given at start that no node of the process has, with the name that may be meant."""
    # rclpy keeps the parameters that it was given, but no public method tells of those that were never declared.
    given = dict.fromkeys(name for node in nodes for name in node._parameter_overrides)
    known = {name for node in nodes for name in node._parameters}
    known |= {name for node in nodes for name in former_names(node.Parameters)}
    active = all(node.stage == "active" for node in nodes)
    return [_explain(name, known) for name in given if name not in known and (active or not name.startswith(QOS))]


def _explain(name: str, known: set[str]) -> str:
    similar = get_close_matches(name, known, n=1)
    hint = f": did you mean {similar[0]}?" if similar else ""
    return f"no node here has a parameter {name}, so it changes nothing{hint}"
