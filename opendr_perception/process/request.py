"""Request for recordings: nodes, their parameters, and formats of the results."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, get_type_hints

import yaml

from opendr_perception import settings
from opendr_perception.ros.node import NodeParameters
from opendr_perception.ros.perception.capability import CAPABILITIES
from opendr_perception.ros.perception.node import PerceptionParameters
from opendr_perception.ros.signals import HEARING, SampleParameters
from opendr_perception.tasks.perceiver import PerceiverSettings
from opendr_perception.tasks.sound import SampleSettings

FORMATS = ("mcap", "jsonl", "parquet", "rrd")
BLURRED = ("faces", "bodies")

SettingsT = TypeVar("SettingsT", PerceiverSettings, SampleSettings)

RESULTS: Mapping[str, tuple[type, str]] = {
    **{name: capability.result for name, capability in CAPABILITIES.items()},
    **{name: hearing.result for name, hearing in HEARING.items()},
}
"""Type and topic of the results of each node."""


def _names(*classes: type) -> set[str]:
    return {field.name for cls in classes for field in dataclasses.fields(cls)}


OF_NODES_ALONE = {"rectified", "threshold", "own_speech"} | (
    _names(NodeParameters, PerceptionParameters, SampleParameters) - _names(PerceiverSettings, SampleSettings)
)
"""Parameters about topics and images, which a file for nodes may have, and which mean nothing here."""


class ProcessError(RuntimeError):
    """Recordings cannot be processed; the text says why, and what helps, in one line."""


@dataclass(frozen=True)
class Request:
    """Nodes, parameters and formats that are wanted of each stream.

    Args:
        nodes: names of perception nodes, in any order.
        parameters: of each node, those that are not the default.
        formats: of FORMATS.
        hertz: at most so many frames a second of recorded time, as a node that is so fast would answer; 0 for all.
        blur: one of BLURRED, which is made unrecognisable in a copy of each film; '' for no copy.

    Raises:
        ProcessError: a name is not known, a node lacks the results that it takes, or a value is not allowed.
    """

    nodes: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    formats: tuple[str, ...] = ("mcap", "jsonl")
    hertz: float = 0.0
    blur: str = ""

    def __post_init__(self) -> None:
        _check_known("node", self.nodes, tuple(RESULTS))
        _check_known("format", self.formats, FORMATS)
        if not ((self.nodes and self.formats) or self.blur):
            raise ProcessError("nothing is wanted: name nodes by --nodes and formats by --format")
        if self.blur:
            _check_known("kind", (self.blur,), BLURRED)
        if not 0 <= self.hertz < 1000:
            raise ProcessError(f"--as-live is a rate in Hz below 1000, got {self.hertz:g}")
        topics = {CAPABILITIES[name].result[1]: name for name in CAPABILITIES}
        for name in self.watching:
            source = CAPABILITIES[name].source_of(self.settings(name))
            if source and topics[source] not in self.nodes:
                raise ProcessError(f"{name} takes the results of {topics[source]}: add it to --nodes")
        for name in self.listening:
            if getattr(self.sound_settings(name), "find_speaker", False):
                raise ProcessError(f"{name}: find_speaker takes faces, which do not go with the sound of recordings")

    @property
    def watching(self) -> Sequence[str]:
        """The nodes that see, each after those whose results it takes."""
        return [name for name in CAPABILITIES if name in self.nodes]

    @property
    def listening(self) -> Sequence[str]:
        """The nodes that hear."""
        return [name for name in HEARING if name in self.nodes]

    def settings(self, node: str) -> PerceiverSettings:
        """Settings of a node that sees. One thread: with several, sums come in another order.

        Raises:
            ProcessError: there is no such parameter, or its value is not allowed.
        """
        return dataclasses.replace(self._given(node, CAPABILITIES[node].settings), threads=1)

    def sound_settings(self, node: str) -> SampleSettings:
        """Settings of a node that hears, likewise.

        Raises:
            ProcessError: as above.
        """
        return dataclasses.replace(self._given(node, HEARING[node].settings), threads=1)

    def _given(self, node: str, cls: type[SettingsT]) -> SettingsT:
        hints = get_type_hints(cls)
        given = self.parameters.get(node, {})
        values = {name: value for name, value in given.items() if name in hints or name not in OF_NODES_ALONE}
        for name in values:
            if name not in hints:
                similar = get_close_matches(name, hints, n=1)
                hint = f"; did you mean {similar[0]}?" if similar else ""
                raise ProcessError(f"{node} has no parameter {name}{hint}")
        try:
            made = cls(**{name: settings.convert(name, value, hints[name]) for name, value in values.items()})
            settings.check(made)
        except ValueError as error:
            raise ProcessError(f"{node}: {error}") from error
        return made

    def as_dict(self) -> dict[str, object]:
        """For JSON, with every value of every parameter, so that another version's defaults are noticed."""
        return {
            "nodes": {
                **{name: dataclasses.asdict(self.settings(name)) for name in self.watching},
                **{name: dataclasses.asdict(self.sound_settings(name)) for name in self.listening},
            },
            "formats": sorted(self.formats),
            "hertz": self.hertz,
            "blur": self.blur,
        }


def _settings_of(node: str) -> type[PerceiverSettings] | type[SampleSettings]:
    return CAPABILITIES[node].settings if node in CAPABILITIES else HEARING[node].settings


def _check_known(kind: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ProcessError(f"there is no {kind} '{name}' for recordings; there are {', '.join(known)}")
    if len(set(names)) != len(names):
        raise ProcessError(f"a {kind} is named twice: {', '.join(names)}")


def read_parameters(path: Path, nodes: Sequence[str]) -> dict[str, dict[str, object]]:
    """The parameters of nodes from a file as `ros2 run --params-file` takes it.

    What is written for all nodes (/**) goes to those that have such a parameter.

    Raises:
        ProcessError: the file cannot be read, is no such file, or has a parameter that no node has.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProcessError(f"{path}: not a parameter file that can be read: {' '.join(str(error).split())}") from error
    found: dict[str, dict[str, object]] = {name: {} for name in nodes}
    if not isinstance(content, dict):
        raise ProcessError(f"{path}: a parameter file has names of nodes, and ros__parameters below them")
    for target, values in _sections(content, ()):
        node = target[-1] if target else "**"
        if node != "**":
            if node in found:
                found[node].update(values)
            continue
        for name, value in values.items():
            having = [each for each in nodes if name in get_type_hints(_settings_of(each))]
            if not having and name not in OF_NODES_ALONE:
                raise ProcessError(f"{path}: no node here has a parameter {name}")
            for each in having:
                found[each][name] = value
    return found


def _sections(
    content: Mapping[object, object], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], dict[str, object]]]:
    for key, value in content.items():
        if not isinstance(value, dict):
            continue
        if key == "ros__parameters":
            yield path, {str(name): each for name, each in value.items()}
        else:
            yield from _sections(value, (*path, *str(key).strip("/").split("/")))


def canonical(value: object) -> str:
    """JSON that is the same for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2) + "\n"
