"""ROS parameters from a dataclass of settings (`opendr_perception.settings`): declaration, descriptors, changes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from opendr_perception.settings import (
    Documentation,
    Hint,
    as_markdown,
    as_yaml,
    check,
    check_kept,
    convert,
    documentation,
    former_names,
    parameter,
)

__all__ = [
    "as_markdown",
    "as_yaml",
    "check",
    "check_kept",
    "converted",
    "declare",
    "documentation",
    "former_names",
    "parameter",
    "read",
]

P = TypeVar("P")

NO_SHARES: Mapping[str, int] = MappingProxyType({})

_ROS_TYPES = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
}


def declare(node: Node, cls: type[P], shares: Mapping[str, int] = NO_SHARES) -> P:
    """Declare every parameter of the dataclass on the node and return the values given at start.

    Integers are taken for doubles, as people write them. A former name is taken for the present one, with a warning.

    Args:
        node: whose parameters they are.
        cls: the dataclass.
        shares: as of `read`.

    Raises:
        ValueError: a value given at start is not allowed, or of the wrong type.
    """
    _take_former_names(node, cls)
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        descriptor = _descriptor(field.metadata["parameter"], hints[field.name])
        anything = ParameterDescriptor(description=descriptor.description, dynamic_typing=True)
        node.declare_parameter(field.name, _to_ros(field.default), anything)
        given = node.get_parameter(field.name)
        value = convert(field.name, given.value, hints[field.name])
        field.metadata["parameter"].check(field.name, value)
        if type(value) is not type(given.value):
            node.set_parameters([Parameter(field.name, _ros_type(hints[field.name]), _to_ros(value))])
        node.set_descriptor(field.name, descriptor)  # from now on `ros2 param describe` tells type and range
    return read(node, cls, shares)


def _take_former_names(node: Node, cls: type) -> None:
    """Let values that were given at start under a former name count for the present one, unless that is given too."""
    given = node._parameter_overrides  # no public method tells of parameters that are not declared
    for former, name in former_names(cls).items():
        if former in given:
            node.get_logger().warning(f"the parameter {former} is now called {name}: use that name")
            given.setdefault(name, Parameter(name, value=given[former].value))


def converted(cls: type, changes: Sequence[Parameter]) -> list[Parameter]:
    """The changes with doubles where integers were given for them; those that do not fit are left to be refused."""
    hints = get_type_hints(cls)
    return [_converted(change, hints[change.name]) if change.name in hints else change for change in changes]


def read(node: Node, cls: type[P], shares: Mapping[str, int] = NO_SHARES, changes: Sequence[Parameter] = ()) -> P:
    """The dataclass with the node's present values, overlaid by changes that are about to be made.

    Args:
        node: whose parameters they are.
        cls: the dataclass.
        shares: of what the nodes of one process share, such as cores: in the place of parameters that are 0.
        changes: that are about to be made.

    Raises:
        ValueError: a value is of the wrong type.
    """
    values = {field.name: node.get_parameter(field.name).value for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    values.update({change.name: change.value for change in changes if change.name in values})
    values.update({name: share for name, share in shares.items() if values.get(name) == 0})
    hints = get_type_hints(cls)
    return cls(**{name: convert(name, value, hints[name]) for name, value in values.items()})


def _descriptor(doc: Documentation, hint: Hint) -> ParameterDescriptor:
    # `read_only` would also refuse changes before the node is configured.
    descriptor = ParameterDescriptor(description=doc.text, type=_ros_type(hint).value)
    constraints = ["one of: " + ", ".join(doc.choices)] if doc.choices else []
    constraints += ["only before the node is configured"] if doc.read_only else []
    descriptor.additional_constraints = "; ".join(constraints)
    if doc.minimum is not None or doc.maximum is not None:
        low = -math.inf if doc.minimum is None else doc.minimum
        high = math.inf if doc.maximum is None else doc.maximum
        if hint is int:
            largest = 2**63 - 1
            descriptor.integer_range = [
                IntegerRange(
                    from_value=int(max(low, -largest)), to_value=largest if high == math.inf else int(high), step=0
                )
            ]
        else:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
    return descriptor


def _converted(change: Parameter, hint: Hint) -> Parameter:
    if change.type_ == Parameter.Type.NOT_SET:  # somebody wants to delete it, which ROS refuses
        return change
    try:
        value = convert(change.name, change.value, hint)
    except ValueError:
        return change
    return Parameter(change.name, _ros_type(hint), _to_ros(value))


def _ros_type(hint: Hint) -> Parameter.Type:
    if get_origin(hint) is tuple:
        return Parameter.Type[f"{_ROS_TYPES[get_args(hint)[0]].name}_ARRAY"]
    return _ROS_TYPES[hint]


def _to_ros(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default
