"""Messages for other stacks: of every node whose results are boxes, and of people in space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

from opendr_perception.ros.outputs.annotations import image_annotations
from opendr_perception.ros.outputs.detections import detections_2d, label_info
from opendr_perception.ros.outputs.lazy import Extra, Make, StampedResult
from opendr_perception.ros.outputs.markers import markers
from opendr_perception.ros.outputs.obstacles import obstacles
from opendr_perception.ros.outputs.persons import detections_3d, people_in_people_msgs, positions
from opendr_perception.ros.outputs.shapes import Shape

ResultT = TypeVar("ResultT")


def drawn_by(shapes: Callable[[ResultT], list[Shape]], label: str = "person") -> tuple[Extra, ...]:
    """The further messages of a node.

    Args:
        shapes: of its result; one of `ros.outputs.shapes`.
        label: of what it finds.
    """

    def made(make: Callable[[ModuleType, Any, Sequence[Shape]], Any]) -> Make:
        return lambda types, result: make(types, result, shapes(result))

    return (
        Extra(
            "detections_2d",
            "vision_msgs/Detection2DArray",
            made(detections_2d),
            "the boxes, with track ids, for stacks that take this type",
        ),
        Extra(
            "annotations",
            "foxglove_msgs/ImageAnnotations",
            made(_annotations),
            "the result as Foxglove draws it over the camera's images",
        ),
        Extra(
            "label_info",
            "vision_msgs/LabelInfo",
            lambda types, params: label_info(types, params, (label,)),
            "the classes of these boxes, and the score from which on they are published; latched",
            once=True,
        ),
    )


IN_SPACE = (
    Extra("markers", "visualization_msgs/MarkerArray", markers, "boxes, skeletons and names in space, for RViz"),
    Extra("positions", "geometry_msgs/PoseArray", positions, "where people are; x points to where they walk"),
    Extra(
        "obstacles",
        "sensor_msgs/PointCloud2",
        obstacles,
        "a disc on the floor for each person, for Nav2's obstacle layer and collision_monitor; needs `target_frame`",
    ),
    Extra("people", "people_msgs/People", people_in_people_msgs, "the same for stacks of social navigation"),
    Extra("detections_3d", "vision_msgs/Detection3DArray", detections_3d, "boxes in space, with the ids of people"),
)
"""The further messages of `ros.outputs.space.PeopleInSpace`."""


def _annotations(types: ModuleType, result: StampedResult, shapes: Sequence[Shape]) -> object:
    return image_annotations(types, result.header.stamp, shapes)
