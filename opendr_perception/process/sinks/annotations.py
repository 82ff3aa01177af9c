"""Annotations that Foxglove draws over images: `foxglove_msgs/msg/ImageAnnotations`, made from our messages.

The definitions are those of Foxglove's schemas (foxglove-sdk, MIT), as ROS 2 messages; comments are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opendr_perception.ros.outputs import image_annotations, shapes

IMAGE_ANNOTATIONS = "foxglove_msgs/msg/ImageAnnotations"

DEFINITIONS = {
    "foxglove_msgs/msg/Color": "float64 r\nfloat64 g\nfloat64 b\nfloat64 a\n",
    "foxglove_msgs/msg/Point2": "float64 x\nfloat64 y\n",
    "foxglove_msgs/msg/CircleAnnotation": (
        "builtin_interfaces/Time timestamp\nfoxglove_msgs/Point2 position\nfloat64 diameter\nfloat64 thickness\n"
        "foxglove_msgs/Color fill_color\nfoxglove_msgs/Color outline_color\n"
    ),
    "foxglove_msgs/msg/PointsAnnotation": (
        "uint8 UNKNOWN=0\nuint8 POINTS=1\nuint8 LINE_LOOP=2\nuint8 LINE_STRIP=3\nuint8 LINE_LIST=4\n"
        "builtin_interfaces/Time timestamp\nuint8 type\nfoxglove_msgs/Point2[] points\n"
        "foxglove_msgs/Color outline_color\nfoxglove_msgs/Color[] outline_colors\nfoxglove_msgs/Color fill_color\n"
        "float64 thickness\n"
    ),
    "foxglove_msgs/msg/TextAnnotation": (
        "builtin_interfaces/Time timestamp\nfoxglove_msgs/Point2 position\nstring text\nfloat64 font_size\n"
        "foxglove_msgs/Color text_color\nfoxglove_msgs/Color background_color\n"
    ),
    IMAGE_ANNOTATIONS: (
        "foxglove_msgs/CircleAnnotation[] circles\nfoxglove_msgs/PointsAnnotation[] points\n"
        "foxglove_msgs/TextAnnotation[] texts\n"
    ),
}


def annotate(message: Any, results: Mapping[str, Any], types: Any) -> Any:
    """Image annotations of a message, as the nodes make them.

    Args:
        message: persons, poses, faces, actions, activities or emotions.
        results: all messages of the frame, by topic: where people are of whom a message has only the ids.
        types: rosbags' types, with DEFINITIONS.
    """
    stamp = message.header.stamp
    own = types.types["builtin_interfaces/msg/Time"](stamp.sec, stamp.nanosec)
    return image_annotations(_Types(types), own, shapes.of_result(message, results))


class _Types:
    """Messages of rosbags, which knows no defaults, made as those of ROS are."""

    def __init__(self, types: Any) -> None:
        kinds = types.types
        nothing = kinds["foxglove_msgs/msg/Color"](0.0, 0.0, 0.0, 0.0)
        self.Point2 = kinds["foxglove_msgs/msg/Point2"]
        self.Color = kinds["foxglove_msgs/msg/Color"]
        self.TextAnnotation = kinds["foxglove_msgs/msg/TextAnnotation"]
        self.PointsAnnotation = partial(
            kinds["foxglove_msgs/msg/PointsAnnotation"], outline_colors=[], fill_color=nothing
        )
        self.ImageAnnotations = partial(kinds[IMAGE_ANNOTATIONS], circles=[])
