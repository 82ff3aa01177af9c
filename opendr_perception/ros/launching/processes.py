"""Common parts of the launch files: arguments, and the processes that they ask for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument
from launch.launch_context import LaunchContext  # not from `launch`: mypy takes our folder of that name for it
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from opendr_perception.ros.node import choose_transport, share_directory

PACKAGE = "opendr_perception"
NOT_OF_NODES = ("diagnostics",)
"""Files in config/ that are of no node."""
YES_NO = ("true", "false")
WITHOUT_STAMPS = ("humble", "jazzy")
"""Distributions whose navigation sends velocities without a stamp."""
RESPAWN_DELAY = 2.0
"""Seconds before a process that has ended is started again."""


def argument(name: str, default: str, description: str, choices: Iterable[str] | None = None) -> DeclareLaunchArgument:
    """An argument of a launch file; `choices` are all values that it takes."""
    return DeclareLaunchArgument(
        name, default_value=default, description=description, choices=None if choices is None else list(choices)
    )


def nodes_argument(default: str) -> DeclareLaunchArgument:
    """Launch argument that selects the nodes."""
    return argument("nodes", default, "Which nodes to start: names with commas or spaces between them.")


STAMPED = argument(
    "stamped",
    "",
    "Velocities are TwistStamped messages; empty: as in params_file, or else as the navigation of the distribution "
    "sends them.",
    ("", *YES_NO),
)
COMMON = [
    argument(
        "params_file", "", "Parameters in a YAML file; empty takes config/<node>.yaml of this package for each node."
    ),
    argument("namespace", "", "Namespace of all nodes and their topics."),
    STAMPED,
    argument("respawn", "false", f"Start a process that has ended again, after {RESPAWN_DELAY:g} s.", YES_NO),
    argument(
        "log_level",
        "info",
        "Log messages of this level and above are shown.",
        ("debug", "info", "warn", "error", "fatal"),
    ),
]
"""Of every launch file."""


def values(context: LaunchContext, arguments: Sequence[DeclareLaunchArgument]) -> dict[str, str]:
    """Values of the launch arguments."""
    return {item.name: LaunchConfiguration(item.name).perform(context) for item in arguments}


def words(text: str) -> list[str]:
    """Names with commas or spaces between them, each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def selected_nodes(text: str, without: Sequence[str] = ()) -> list[str]:
    """The names of nodes in a text.

    Raises:
        ValueError: a name is not known, or is one of `without`; or there is none.
    """
    files = (share_directory() / "config").glob("*.yaml")
    known = sorted(file.stem for file in files if file.stem not in (*NOT_OF_NODES, *without))
    names = words(text)
    for name in names:
        if name not in known:
            raise ValueError(f"nodes: there is no node '{name}'; the nodes are {', '.join(known)}")
    if not names:
        raise ValueError(f"nodes: no node is given; the nodes are {', '.join(known)}")
    return names


def is_stamped(given: Mapping[str, str]) -> dict[str, bool]:
    """The parameter `stamped`: as it is given, or as a parameter file of the user's says, or as the distribution is."""
    if given["stamped"]:
        return {"stamped": given["stamped"] == "true"}
    usual = os.environ.get("ROS_DISTRO") not in WITHOUT_STAMPS
    return {"stamped": bool(_said(given["params_file"]).get("stamped", usual))}


def process(
    names: Sequence[str],
    given: Mapping[str, str],
    overrides: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
    **options: object,
) -> Node:
    """One process with all of the nodes; each takes those parameters that it has.

    Args:
        names: of the nodes; a single one runs by its own executable.
        given: the values of the arguments in COMMON.
        overrides: parameters that win over those in files; what none of the nodes has is left out.
        defaults: the same, but those that a file of the user's names are left to it.
        options: of the process besides, such as `remappings`.
    """
    choose_transport()  # nodes do it for themselves; here it also serves what is launched later, such as a camera
    program = {
        "executable": str(share_directory().parents[1] / "bin" / "opendr-perception"),
        "arguments": ["run", *names],
    }
    single = {"package": PACKAGE, "executable": names[0]}
    files = parameter_files(given["params_file"], names)
    named = _said(given["params_file"])
    kept = {name: value for name, value in (defaults or {}).items() if name not in named}
    return Node(
        **(single if len(names) == 1 else program),
        namespace=given.get("namespace", ""),
        parameters=[*map(str, files), _known({**kept, **overrides}, names)],
        ros_arguments=["--log-level", given["log_level"]],
        respawn=given["respawn"] == "true",
        respawn_delay=RESPAWN_DELAY,
        output="screen",
        **options,
    )


def parameter_files(chosen: str, names: Sequence[str]) -> list[Path]:
    """The user's file, or those of the package.

    Raises:
        ValueError: there is no such file.
    """
    if not chosen:
        return [share_directory() / "config" / f"{name}.yaml" for name in names]
    file = Path(chosen).expanduser()
    if not file.is_file():
        raise ValueError(f"params_file: there is no file {file}")
    return [file]


def _known(overrides: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
    """The parameters that one of the nodes has: each node warns of others."""
    known = {"use_sim_time"}
    for name in names:
        content = yaml.safe_load((share_directory() / "config" / f"{name}.yaml").read_text())
        known |= content["/**"][name]["ros__parameters"].keys()
    return {name: value for name, value in overrides.items() if name in known}


def _said(chosen: str) -> dict[str, object]:
    """The parameters that the user's file names, of whatever node; none without a file.

    Raises:
        ValueError: it is no YAML file, or there is none.
    """
    if not chosen:
        return {}
    (file,) = parameter_files(chosen, [])
    try:
        return _parameters(yaml.safe_load(file.read_text()))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"params_file: {file} is no YAML file: {' '.join(str(error).split())}") from error


def _parameters(content: object) -> dict[str, object]:
    """All parameters in the content of a file."""
    if not isinstance(content, Mapping):
        return {}
    found: dict[str, object] = {}
    for key, value in content.items():
        found |= value if key == "ros__parameters" and isinstance(value, Mapping) else _parameters(value)
    return found
