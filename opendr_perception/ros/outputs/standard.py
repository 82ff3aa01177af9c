"""Messages for other stacks that every node whose results are boxes publishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

from opendr_perception.ros.outputs.annotations import image_annotations
from opendr_perception.ros.outputs.detections import detections_2d
from opendr_perception.ros.outputs.lazy import Extra, Make
from opendr_perception.ros.outputs.shapes import Shape

ResultT = TypeVar("ResultT")


def drawn_by(shapes: Callable[[ResultT], list[Shape]]) -> tuple[Extra, ...]:
    """The further messages of a node.

    Args:
        shapes: of its result; one of `ros.outputs.shapes`.
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
            made(image_annotations),
            "the result as Foxglove draws it over the camera's images",
        ),
    )
