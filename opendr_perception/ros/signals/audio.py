"""The classes of the messages by which sound is published, from packages that may not be installed."""

from __future__ import annotations

import importlib
import os

from opendr_perception.msg import Audio
from opendr_perception.tasks.sound import TYPES

PACKAGES = {
    "audio_common_msgs": "ros-{distro}-audio-common-msgs (AudioStamped: build github.com/mgonzs13/audio_common)",
    "foxglove_msgs": "ros-{distro}-foxglove-msgs",
}


def info_type() -> type | None:
    """The class of AudioInfo, by which ros-drivers' drivers tell the format of AudioData; None if there is none."""
    try:
        found = getattr(importlib.import_module("audio_common_msgs.msg"), "AudioInfo", None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


def message_type(name: str) -> type:
    """The class of a message of `TYPES`.

    Raises:
        ValueError: its package is not installed, or is the other one of the same name; the text says what to install.
    """
    package, _, kind = TYPES[name].partition("/msg/")
    if package == "opendr_perception":
        return Audio
    remedy = "install " + PACKAGES[package].format(distro=os.environ.get("ROS_DISTRO", "<distro>"))
    try:
        module = importlib.import_module(f"{package}.msg")
    except ImportError as error:
        raise ValueError(f"audio_type {name} needs {package}, which is not installed: {remedy}") from error
    found = getattr(module, kind, None)
    if not isinstance(found, type):
        raise ValueError(f"the {package} that is installed has no {kind}: {remedy}")
    return found
