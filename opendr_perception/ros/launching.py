"""Common parts of the launch files: arguments, and the processes that they ask for. Only launch files import this."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.launch_context import LaunchContext  # not from `launch`: mypy takes our folder of that name for it
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from opendr_perception.ros.node import CARRIED, carried, choose_transport, share_directory

PACKAGE = "opendr_perception"
NOT_OF_NODES = ("diagnostics",)
"""Files in config/ that are of no node."""
YES_NO = ("true", "false")
WITHOUT_STAMPS = ("humble", "jazzy")
"""Distributions whose navigation sends velocities without a stamp."""
HEARING = ("voice_activity", "sound_classification")
"""Nodes that hear, for everybody who has a microphone."""
OF_CAMERA = {"camera_info": "camera_info", "depth": "depth/image"}
"""Arguments that name what comes beside the images of a camera, and its topic."""
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
PERCEPTION = [
    nodes_argument("person_detection pose_estimation action_recognition face_recognition emotion_recognition people"),
    argument("image", "image_raw", "Topic of the camera; compressed images are expected on <image>/compressed."),
    argument("camera_info", "", "Topic of the camera's calibration; empty: as the nodes take it."),
    argument("depth", "", "Topic of depth images that are aligned with the camera's, for people; empty: depth/image."),
    argument(
        "image_transport",
        "",
        "Whether images come raw or compressed; empty: as in the parameters.",
        ("", "raw", "compressed"),
    ),
    argument(
        "streams",
        "",
        "Names of several cameras, with commas or spaces between them: 'front,rear' takes front/image_raw and "
        "rear/image_raw; image, camera_info and depth are below each of them. Empty: as in the parameters.",
    ),
    argument(
        "people",
        "",
        "Who finds the people for pose_estimation: topic, person_detection, whose ids poses then have; own, it does by "
        "itself. Empty: topic where both are started; or as in params_file, if that is given.",
        ("", "topic", "own"),
    ),
    argument(
        "carry",
        "",
        "true: people are detected in every other image, and the keypoints of three looked at in each; optical flow "
        "carries them in between. Empty: true on the CPU of a machine of up to four cores, if no params_file is given.",
        ("", *YES_NO),
    ),
    argument(
        "audio",
        "",
        "Topic of a microphone: voice_activity and sound_classification are started too, and hear it. Empty: they are "
        "not.",
    ),
    argument(
        "fleet",
        "",
        "Endpoint of a fleet's hub, such as tcp/192.168.1.5:7447: fleet_bridge is started too, and sends the results "
        "there. Empty: it is not.",
    ),
    argument("device", "", "Where the models run; empty: as in the parameters.", ("", "cpu", "cuda", "tensorrt")),
    argument(
        "composed",
        "true",
        "true: all nodes in one process, which needs the least memory; false: one process for each node.",
        YES_NO,
    ),
    argument(
        "video", "", "Also play this video, directory of images, camera ('0') or bag as the camera, by video_source."
    ),
    argument(
        "view",
        "false",
        "true: also show everything in a browser, on this machine; needs the packages of requirements/view.txt.",
        YES_NO,
    ),
    argument(
        "autostart",
        "",
        "false leaves the nodes unconfigured, for a lifecycle manager; empty: as in the parameters.",
        ("", *YES_NO),
    ),
    argument(
        "use_sim_time",
        "",
        "true follows /clock, for simulators and bags; empty: as in the parameters.",
        ("", *YES_NO),
    ),
    *COMMON,
]
"""Of the launch files for a camera."""


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
    """The parameter `stamped`, where it is not left to a parameter file of the user's."""
    if not given["stamped"] and given["params_file"]:
        return {}
    return {"stamped": (given["stamped"] or str(os.environ.get("ROS_DISTRO") not in WITHOUT_STAMPS).lower()) == "true"}


def process(names: Sequence[str], given: Mapping[str, str], overrides: Mapping[str, object], **options: object) -> Node:
    """One process with all of the nodes; each takes those parameters that it has.

    Args:
        names: of the nodes; a single one runs by its own executable.
        given: the values of the arguments in COMMON.
        overrides: parameters that win over those in files; what none of the nodes has is left out.
        options: of the process besides, such as `remappings`.
    """
    choose_transport()  # nodes do it for themselves; here it also serves what is launched later, such as a camera
    program = {
        "executable": str(share_directory().parents[1] / "bin" / "opendr-perception"),
        "arguments": ["run", *names],
    }
    single = {"package": PACKAGE, "executable": names[0]}
    return Node(
        **(single if len(names) == 1 else program),
        namespace=given.get("namespace", ""),
        parameters=[*map(str, parameter_files(given["params_file"], names)), _known(overrides, names)],
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


def perception(context: LaunchContext) -> list[Node | ExecuteProcess]:
    """The processes that the arguments in PERCEPTION ask for."""
    given = values(context, PERCEPTION)
    besides = [
        *(["video_source"] if given["video"] else []),
        *(HEARING if given["audio"] else ()),
        *(["fleet_bridge"] if given["fleet"] else []),
    ]
    names = selected_nodes(" ".join([given["nodes"], *besides]))
    groups = [names] if given["composed"] == "true" else [[name] for name in names]
    overrides = _overrides(given) | _people(given, names) | _carried(given, names) | _speaker(given, names)
    started = [process(group, given, overrides, remappings=_remappings(given)) for group in groups]
    return started + ([_view(given)] if given["view"] == "true" else [])


def _view(given: Mapping[str, str]) -> ExecuteProcess:
    """The process that shows everything in a browser; `image` with a slash in it is the topic of one camera."""
    image = "image_raw" if given["streams"] else given["image"]
    if "/" in image and not image.startswith("/"):
        image = f"{given['namespace'].rstrip('/')}/{image}"
        image = image if image.startswith("/") else f"/{image}"
    program = str(share_directory().parents[1] / "bin" / "opendr-perception")
    return ExecuteProcess(cmd=[program, "view", "--image", image], output="screen")


def _people(given: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The parameter `people`: nodes that are started together detect people only once.

    Raises:
        ValueError: a node that means something else by this parameter runs beside them.
    """
    together = not given["params_file"] and {"person_detection", "pose_estimation"} <= set(names)
    people = given["people"] or ("topic" if together else "")
    if people and "simulation" in names:  # the number of people in its room
        raise ValueError("people: start simulation by sim.launch.py, it has a parameter of this name")
    return {"people": people} if people else {}


def _carried(given: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    """The parameters that save time where the nodes for people share few cores."""
    if given["carry"]:
        return dict(CARRIED) if given["carry"] == "true" else {}
    together = not given["params_file"] and {"person_detection", "pose_estimation"} <= set(names)
    return dict(carried(given["device"])) if together else {}


def _speaker(given: Mapping[str, str], names: Sequence[str]) -> dict[str, bool]:
    """The parameter `find_speaker`: where faces are found beside a microphone, mouths tell whose voice it is."""
    together = not given["params_file"] and {"voice_activity", "face_recognition"} <= set(names)
    return {"find_speaker": True} if together else {}


def _remappings(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """New names of topics; those of a camera are below each stream.

    Raises:
        ValueError: several cameras would have one topic.
    """
    camera = {f"image_raw{transport}": given["image"] + transport for transport in ("", "/compressed", "/ffmpeg")}
    camera |= {name: given[key] for key, name in OF_CAMERA.items() if given[key]}
    cameras = words(given["streams"])
    for key in ("image", *OF_CAMERA) if cameras else ():
        if given[key].startswith("/"):
            raise ValueError(f"{key}: with streams it is below each of them, and cannot be {given[key]}")
    below = [f"{name}/" for name in cameras] or [""]
    topics = [(stream + name, stream + topic) for stream in below for name, topic in camera.items()]
    return topics + ([("audio", given["audio"])] if given["audio"] else [])


def _overrides(given: Mapping[str, str]) -> dict[str, object]:
    parameters: dict[str, object] = {**is_stamped(given)}
    parameters |= {name: given[name] == "true" for name in ("autostart", "use_sim_time") if given[name]}
    parameters |= {name: given[name] for name in ("device", "image_transport") if given[name]}
    if given["fleet"]:
        parameters["hub"] = given["fleet"]
    if given["streams"]:
        parameters["streams"] = words(given["streams"])
    if given["video"]:  # always text, although '0' reads like a number
        parameters["path"] = ParameterValue(str(Path(given["video"]).expanduser()), value_type=str)
    return parameters
