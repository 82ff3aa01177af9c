"""The launch file for a camera: its arguments, and the processes that they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from launch.actions import ExecuteProcess
from launch.launch_context import LaunchContext
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from opendr_perception.ros.launching.processes import (
    COMMON,
    YES_NO,
    argument,
    is_stamped,
    nodes_argument,
    process,
    selected_nodes,
    values,
    words,
)
from opendr_perception.ros.node import CARRIED, carried, share_directory

HEARING = ("voice_activity", "sound_classification")
"""Nodes that hear, for everybody who has a microphone."""
OF_CAMERA = {"camera_info": "camera_info", "depth": "depth/image"}
"""Arguments that name what comes beside the images of a camera, and its topic."""
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
