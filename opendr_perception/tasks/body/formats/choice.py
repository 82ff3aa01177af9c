"""The formats of pose networks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.body.formats.base import BodyReader, CropFormat
from opendr_perception.tasks.body.formats.heatmap import Heatmaps
from opendr_perception.tasks.body.formats.movenet import MoveNet
from opendr_perception.tasks.body.formats.multipose import multipose
from opendr_perception.tasks.body.formats.openpose import OpenPose
from opendr_perception.tasks.body.formats.rtmo import rtmo
from opendr_perception.tasks.body.formats.simcc import SimCc
from opendr_perception.tasks.body.formats.yolo_pose import yolo_pose, yolo_pose_end_to_end

T = TypeVar("T")

TOP_DOWN: dict[str, Callable[[Session], CropFormat]] = {"movenet": MoveNet, "simcc": SimCc, "heatmap": Heatmaps}
"""Reader of the keypoints of one person from a crop."""

BOTTOM_UP: dict[str, Callable[[Session], BodyReader]] = {
    "openpose": OpenPose,
    "multipose": multipose,
    "yolo_pose": yolo_pose,
    "yolo_pose_end_to_end": yolo_pose_end_to_end,
    "rtmo": rtmo,
}
"""Finder of all people of an image at once."""

UNNAMED = {"fields": "openpose", "regressions": "multipose"}
"""Formats of models that do not say theirs, by an output that only they have."""


def name_of(session: Session) -> str:
    """The name of a model's format."""
    if "format" in session.metadata:
        return session.metadata["format"]
    return next((UNNAMED[tensor.name] for tensor in session.outputs if tensor.name in UNNAMED), "movenet")


def is_bottom_up(session: Session) -> bool:
    """A model finds all people of an image at once, so that nobody needs to detect them first."""
    return name_of(session) in BOTTOM_UP


def top_down(session: Session) -> CropFormat:
    """The format of a model that looks at one person at a time.

    Raises:
        EngineError: the model is none, or does not have the inputs and outputs of its format.
    """
    return _look_up(session, TOP_DOWN)(session)


def bottom_up(session: Session) -> BodyReader:
    """Reader of a model that finds all people at once.

    Raises:
        EngineError: the model is none, or does not have the inputs and outputs of its format.
    """
    return _look_up(session, BOTTOM_UP)(session)


def _look_up(session: Session, formats: Mapping[str, T]) -> T:
    name = name_of(session)
    if name not in formats:
        raise EngineError(
            f"{session.path}: a model of the format '{name}' finds no poses in this way; those are of "
            f"{', '.join(formats)}"
        )
    return formats[name]
