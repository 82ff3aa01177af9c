"""Settings from one frozen dataclass: defaults, ranges, validation, configuration file and documentation.

    @dataclass(frozen=True)
    class Settings:
        score_threshold: float = parameter(0.4, "Detections below this are not published.", minimum=0.0, maximum=1.0)

Each default is written once, there: capabilities are built from such settings, nodes declare the same ones as ROS
parameters (`ros.node.parameters`), and `config/*.yaml` and the node pages are generated from them and checked by tests.
"""

from __future__ import annotations

import array
import dataclasses
import inspect
import math
import textwrap
from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

Hint = Any
"""Type of a setting: one of `TYPES`, or a tuple of one of them."""

TYPES = {bool: "bool", int: "integer", float: "double", str: "string"}
"""Types of a setting, and their names in ROS; also tuples of one of them."""


@dataclasses.dataclass(frozen=True)
class Documentation:
    """Documentation of a parameter: meaning and allowed values."""

    text: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    former: str = ""

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
    default: T,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Iterable[str] = (),
    read_only: bool = False,
    former: str = "",
) -> T:
    """A dataclass field that is a setting, and a ROS parameter of nodes.

    Args:
        default: its value when nobody sets it; its type is the parameter's. Sequences are tuples; () is "not given".
        text: one or two sentences for users: meaning, unit, trap.
        minimum: smallest allowed value, inclusive.
        maximum: largest allowed value, inclusive.
        choices: the allowed strings.
        read_only: it can only be set before the node is configured.
        former: its name in earlier versions, which nodes still take at start, with a warning.
    """
    doc = Documentation(text, minimum, maximum, tuple(choices), read_only, former)
    return dataclasses.field(default=default, metadata={"parameter": doc})


def documentation(parameters: object) -> dict[str, Documentation]:
    """The documentation of each parameter of a parameter dataclass (or an instance of it), by name; its own first."""
    cls = parameters if isinstance(parameters, type) else type(parameters)
    return {field.name: field.metadata["parameter"] for _, fields in _chapters(cls) for field in fields}


def former_names(parameters: object) -> dict[str, str]:
    """The present name of each parameter that had another one in earlier versions, by that former name."""
    return {doc.former: name for name, doc in documentation(parameters).items() if doc.former}


def check(parameters: object) -> None:
    """Raise ValueError, with one clear line, for the first parameter whose value is not allowed."""
    for name, doc in documentation(parameters).items():
        doc.check(name, getattr(parameters, name))


def check_kept(present: object, wanted: object, remedy: str) -> None:
    """Raise ValueError, with one clear line, if a parameter would change that has to be kept.

    Args:
        present: the values now.
        wanted: those that are to come.
        remedy: what is said after the name of the parameter.
    """
    for name, doc in documentation(present).items():
        if doc.read_only and getattr(wanted, name) != getattr(present, name):
            raise ValueError(f"{name} {remedy}")


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


def _chapters(cls: type) -> list[tuple[str, list[dataclasses.Field]]]:
    """Chapters of a dataclass: its own fields, then those of each base: the first line of its text, and the fields."""
    left = {field.name: field for field in dataclasses.fields(cls)}
    chapters = []
    for base in filter(dataclasses.is_dataclass, cls.__mro__):
        fields = [left.pop(name) for name in inspect.get_annotations(base) if name in left]
        if fields:
            chapters.append(((base.__doc__ or "").splitlines()[0].rstrip(".").replace("`", ""), fields))
    return chapters


def convert(name: str, value: object, hint: Hint) -> Any:
    """A value as the dataclass wants it: integers become doubles, sequences tuples.

    Raises:
        ValueError: it is of the wrong type.
    """
    if get_origin(hint) is tuple:
        if value is None:  # an empty array has no type
            return ()
        if isinstance(value, (list, tuple, array.array)):
            return tuple(convert(name, item, get_args(hint)[0]) for item in value)
    elif hint is float and type(value) is int:
        return float(value)
    elif type(value) is hint:
        return value
    raise ValueError(f"{name} must be of the type {_type_name(hint)}, got {value!r}")


def _type_name(hint: Hint) -> str:
    if get_origin(hint) is tuple:
        return f"{_type_name(get_args(hint)[0])}[]"
    return TYPES[hint]


def _yaml_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml_value(item) for item in value) + "]"
    return repr(value)


def _comment(doc: Documentation) -> list[str]:
    """Comment of a parameter in the configuration file, in lines that do not tear a range apart."""
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
