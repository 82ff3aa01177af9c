"""ROS parameters from one frozen dataclass: declaration, descriptors, validation, configuration file and documentation.

    @dataclass(frozen=True)
    class Parameters(PerceptionParameters):
        score_threshold: float = parameter(0.4, "Detections below this are not published.", minimum=0.0, maximum=1.0)

Each default is written once, here; `config/*.yaml` and the node pages are generated from it and checked by tests.
"""

from __future__ import annotations

import array
import dataclasses
import inspect
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

P = TypeVar("P")

_ROS_TYPES = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
}


@dataclasses.dataclass(frozen=True)
class Documentation:
    """What a parameter means and which values it takes."""

    text: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError with one clear line if the value is not allowed."""
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
        too_small = self.minimum is not None and value < self.minimum
        too_large = self.maximum is not None and value > self.maximum
        if too_small or too_large:
            raise ValueError(f"{name} must be in {self.interval()}, got {value}")
        if self.choices and value not in self.choices:
            raise ValueError(f"{name} must be one of {', '.join(self.choices)}, got '{value}'")

    def interval(self) -> str:
        """The range as mathematicians write it, e.g. `[0, 1]`; empty without a range."""
        if self.minimum is None and self.maximum is None:
            return ""
        low = "(-∞" if self.minimum is None else f"[{self.minimum:g}"
        high = "∞)" if self.maximum is None else f"{self.maximum:g}]"
        return f"{low}, {high}"


def parameter(
    default: Any,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Iterable[str] = (),
    read_only: bool = False,
) -> Any:
    """A dataclass field that is a ROS parameter. Sequence defaults are given as tuples; () is "not given".

    Args:
        default: its value when nobody sets it; its type is the parameter's.
        text: one or two sentences for users: meaning, unit, trap.
        minimum: smallest allowed value, inclusive.
        maximum: largest allowed value, inclusive.
        choices: the allowed strings.
        read_only: it can only be set before the node is configured.
    """
    return dataclasses.field(
        default=default, metadata={"parameter": Documentation(text, minimum, maximum, tuple(choices), read_only)}
    )


def documentation(parameters: Any) -> dict[str, Documentation]:
    """The documentation of each parameter of a parameter dataclass (or an instance of it), by name; its own first."""
    cls = parameters if isinstance(parameters, type) else type(parameters)
    return {field.name: field.metadata["parameter"] for _, fields in _chapters(cls) for field in fields}


def check(parameters: Any) -> None:
    """Raise ValueError, with one clear line, for the first parameter whose value is not allowed."""
    for name, doc in documentation(parameters).items():
        doc.check(name, getattr(parameters, name))


def check_kept(present: Any, wanted: Any) -> None:
    """Raise ValueError, with one clear line, if a parameter would change that a configured node has to keep."""
    for name, doc in documentation(present).items():
        if doc.read_only and getattr(wanted, name) != getattr(present, name):
            raise ValueError(f"{name} cannot be changed while the node is configured: deactivate and clean up first")


def declare(node: Node, cls: type[P]) -> P:
    """Declare every parameter of the dataclass on the node and return the values given at start.

    Integers are taken for doubles, as people write them.

    Raises:
        ValueError: a value given at start is not allowed, or of the wrong type.
    """
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        descriptor = _descriptor(field.metadata["parameter"], hints[field.name])
        anything = ParameterDescriptor(description=descriptor.description, dynamic_typing=True)
        node.declare_parameter(field.name, _to_ros(field.default), anything)
        given = node.get_parameter(field.name)
        value = _convert(field.name, given.value, hints[field.name])
        field.metadata["parameter"].check(field.name, value)
        if type(value) is not type(given.value):
            node.set_parameters([Parameter(field.name, _ros_type(hints[field.name]), _to_ros(value))])
        node.set_descriptor(field.name, descriptor)  # from now on `ros2 param describe` tells type and range
    return read(node, cls)


def converted(cls: type, changes: Sequence[Parameter]) -> list[Parameter]:
    """The changes with doubles where integers were given for them; those that do not fit are left to be refused."""
    hints = get_type_hints(cls)
    return [_converted(change, hints[change.name]) if change.name in hints else change for change in changes]


def read(node: Node, cls: type[P], changes: Sequence[Parameter] = ()) -> P:
    """The dataclass with the node's present values, overlaid by changes that are about to be made.

    Raises:
        ValueError: a value is of the wrong type.
    """
    values = {field.name: node.get_parameter(field.name).value for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    values.update({change.name: change.value for change in changes if change.name in values})
    hints = get_type_hints(cls)
    return cls(**{name: _convert(name, value, hints[name]) for name, value in values.items()})


def as_yaml(node_name: str, cls: type, introduction: str) -> str:
    """The text of the node's configuration file: every parameter with its default, its meaning and its range."""
    lines = [f"# {line}".rstrip() for line in introduction.strip().splitlines()]
    lines += ["/**:", f"  {node_name}:", "    ros__parameters:"]
    for title, fields in _chapters(cls):
        lines += ["", f"      # --- {title} ".ljust(118, "-")]
        for field in fields:
            doc: Documentation = field.metadata["parameter"]
            lines.append("")
            lines += [f"      # {line}" for line in _comment(doc)]
            lines.append(f"      {field.name}: {_yaml_value(field.default)}")
    return "\n".join(lines) + "\n"


def as_markdown(cls: type) -> str:
    """A table of the parameters for the node's page."""
    hints = get_type_hints(cls)
    rows = ["| parameter | type | default | allowed | while running | meaning |", "|---|---|---|---|---|---|"]
    for field in (field for _, fields in _chapters(cls) for field in fields):
        doc: Documentation = field.metadata["parameter"]
        allowed = ", ".join(f"`{choice}`" for choice in doc.choices) or doc.interval()
        rows.append(
            f"| `{field.name}` | {_type_name(hints[field.name])} | `{_yaml_value(field.default)}` | {allowed} "
            f"| {'no' if doc.read_only else 'yes'} | {doc.text} |"
        )
    return "\n".join(rows) + "\n"


def _chapters(cls: type) -> list[tuple[str, list[dataclasses.Field[Any]]]]:
    """What the dataclass itself adds, then what each of its bases does: the first line of its text, and the fields."""
    left = {field.name: field for field in dataclasses.fields(cls)}
    chapters = []
    for base in filter(dataclasses.is_dataclass, cls.__mro__):
        fields = [left.pop(name) for name in inspect.get_annotations(base) if name in left]
        if fields:
            chapters.append(((base.__doc__ or "").splitlines()[0].rstrip(".").replace("`", ""), fields))
    return chapters


def _descriptor(doc: Documentation, hint: Any) -> ParameterDescriptor:
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


def _convert(name: str, value: Any, hint: Any) -> Any:
    """A value as the dataclass wants it: integers become doubles, sequences tuples."""
    if get_origin(hint) is tuple:
        if value is None:  # an empty array has no type
            return ()
        if isinstance(value, (list, tuple, array.array)):
            return tuple(_convert(name, item, get_args(hint)[0]) for item in value)
    elif hint is float and type(value) is int:
        return float(value)
    elif type(value) is hint:
        return value
    raise ValueError(f"{name} must be of the type {_type_name(hint)}, got {value!r}")


def _converted(change: Parameter, hint: Any) -> Parameter:
    if change.type_ == Parameter.Type.NOT_SET:  # somebody wants to delete it, which ROS refuses
        return change
    try:
        value = _convert(change.name, change.value, hint)
    except ValueError:
        return change
    return Parameter(change.name, _ros_type(hint), _to_ros(value))


def _ros_type(hint: Any) -> Parameter.Type:
    if get_origin(hint) is tuple:
        return Parameter.Type[f"{_ROS_TYPES[get_args(hint)[0]].name}_ARRAY"]
    return _ROS_TYPES[hint]


def _to_ros(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default


def _type_name(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"{_type_name(get_args(hint)[0])}[]"
    return str(_ROS_TYPES[hint].name).lower()


def _yaml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml_value(item) for item in value) + "]"
    return repr(value)


def _comment(doc: Documentation) -> list[str]:
    """What the configuration file says of a parameter, in lines that do not tear a range apart."""
    unbreakable = "\u00a0"
    text = doc.text + _allowed(doc).replace(", ", f",{unbreakable}")
    return [line.replace(unbreakable, " ") for line in textwrap.wrap(text, 112)]


def _allowed(doc: Documentation) -> str:
    allowed = ""
    if doc.choices:
        allowed += " One of: " + ", ".join(doc.choices) + "."
    elif doc.interval():
        allowed += f" In {doc.interval()}."
    return allowed + (" Only before the node is configured." if doc.read_only else "")
