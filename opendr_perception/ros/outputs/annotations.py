"""Boxes, skeletons and names as foxglove_msgs/ImageAnnotations, which Foxglove draws over the camera's own images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from builtin_interfaces.msg import Time

from opendr_perception.msg import Keypoint
from opendr_perception.ros.outputs.shapes import Shape
from opendr_perception.tasks.drawing import KEYPOINT_THRESHOLD, colour_of

POINTS, LINE_LOOP, LINE_LIST = 1, 2, 4
"""Kinds of foxglove_msgs/PointsAnnotation."""
THICKNESS = 2.0
FONT = 14.0
"""Pixels of the image."""

Place = tuple[float, float]


class AnnotationTypes(Protocol):
    """The messages of foxglove_msgs that are needed: its module, or whatever else makes them."""

    @property
    def ImageAnnotations(self) -> Callable[..., object]: ...
    @property
    def PointsAnnotation(self) -> Callable[..., object]: ...
    @property
    def TextAnnotation(self) -> Callable[..., object]: ...
    @property
    def Point2(self) -> Callable[..., object]: ...
    @property
    def Color(self) -> Callable[..., object]: ...


def image_annotations(types: AnnotationTypes, stamp: Time, shapes: Sequence[Shape]) -> object:
    """ImageAnnotations of an image with this stamp, in the colours of `~/image`: a track keeps its own."""
    return types.ImageAnnotations(
        points=[_points(types, stamp, shape, *each) for shape in shapes for each in _outlines(shape)],
        texts=[_label(types, stamp, shape, *each) for shape in shapes for each in _texts(shape)],
    )


def _texts(shape: Shape) -> Iterator[tuple[str, Place]]:
    """Words about a shape, and their places."""
    if shape.name:
        yield shape.name, (shape.box.x_min, shape.box.y_min)
    if shape.below:
        yield shape.below, (shape.box.x_min, shape.box.y_max)


def _outlines(shape: Shape) -> Iterator[tuple[int, list[Place]]]:
    """The kinds and points of what is drawn of a shape: its box, its lines with both ends seen, its points."""
    box = shape.box
    corners = [(box.x_min, box.y_min), (box.x_max, box.y_min), (box.x_max, box.y_max), (box.x_min, box.y_max)]
    if shape.framed:
        yield LINE_LOOP, corners
    lines = [(shape.points[start], shape.points[end]) for start, end in shape.lines]
    for kind, points in (
        (LINE_LIST, [point for line in lines if all(map(_seen, line)) for point in line]),
        (POINTS, list(filter(_seen, shape.points))),
    ):
        if points:
            yield kind, [(point.x, point.y) for point in points]


def _points(types: AnnotationTypes, stamp: Time, shape: Shape, kind: int, places: Sequence[Place]) -> object:
    return types.PointsAnnotation(
        timestamp=stamp,
        type=kind,
        points=[types.Point2(x=x, y=y) for x, y in places],
        outline_color=_colour(types, shape),
        thickness=THICKNESS,
    )


def _label(types: AnnotationTypes, stamp: Time, shape: Shape, text: str, place: Place) -> object:
    return types.TextAnnotation(
        timestamp=stamp,
        position=types.Point2(x=place[0], y=place[1]),
        text=text,
        font_size=FONT,
        text_color=types.Color(r=1.0, g=1.0, b=1.0, a=1.0),
        background_color=_colour(types, shape),
    )


def _colour(types: AnnotationTypes, shape: Shape) -> object:
    red, green, blue = (value / 255 for value in colour_of(shape.track))
    return types.Color(r=red, g=green, b=blue, a=1.0)


def _seen(point: Keypoint) -> bool:
    return bool(point.score >= KEYPOINT_THRESHOLD)
