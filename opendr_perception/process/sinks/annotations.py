"""Annotations that Foxglove draws over images: `foxglove_msgs/msg/ImageAnnotations`, made from our messages.

The definitions are those of Foxglove's schemas (foxglove-sdk, MIT), as ROS 2 messages; comments are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opendr_perception.tasks.body import LIMBS

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

LINE_LOOP, LINE_LIST = 2, 4
COLOURS = {"persons": (0.1, 0.6, 1.0), "poses": (0.2, 0.9, 0.3), "faces": (1.0, 0.8, 0.1)}
BLACK, NOTHING = (0.0, 0.0, 0.0, 0.6), (0.0, 0.0, 0.0, 0.0)
FONT, THICKNESS = 12.0, 2.0
SEEN = 0.2
"""Score from which a keypoint is drawn."""

Place = tuple[float, float]
Colour = tuple[float, ...]


def annotate(topic: str, message: Any, results: Mapping[str, Any], types: Any) -> Any:
    """Image annotations of a message.

    Args:
        topic: persons, poses, faces, actions or emotions.
        message: of that topic.
        results: all messages of the frame, by topic: where people are of whom a message has only the ids.
        types: rosbags' types, with DEFINITIONS.
    """
    draw = _Pen(types, message.header.stamp)
    if topic == "persons":
        draw.objects(topic, ((each, f"{each.track_id} {each.score:.2f}") for each in message.detections))
    elif topic == "poses":
        draw.objects(topic, ((each, each.track_id) for each in message.poses))
        limbs = LIMBS[message.layout]
        draw.lines([line for pose in message.poses for line in _limbs(pose, limbs)], (*COLOURS[topic], 1.0))
    elif topic == "faces":
        draw.objects(topic, ((each, each.identity or each.track_id) for each in message.faces))
    elif topic == "actions":
        draw.words(_beside(message.actions, results["poses"].poses))
    else:
        draw.words(_beside(message.emotions, results["faces"].faces))
    return draw.annotations()


def _limbs(pose: Any, limbs: Iterable[tuple[int, int]]) -> Iterator[tuple[Place, Place]]:
    for one, other in limbs:
        a, b = pose.keypoints[one], pose.keypoints[other]
        if min(a.score, b.score) >= SEEN:
            yield (a.x, a.y), (b.x, b.y)


def _beside(told: Iterable[Any], objects: Iterable[Any]) -> Iterator[tuple[Place, str]]:
    """A label below the box of the person of the same id."""
    boxes = {each.track_id: each.box for each in objects if each.track_id}
    for each in told:
        if box := boxes.get(each.track_id):
            yield (box.x_min, box.y_max), each.label


class _Pen:
    """Collects what is drawn on one image."""

    def __init__(self, types: Any, stamp: Any) -> None:
        self._kinds = types.types
        self._stamp = self._kinds["builtin_interfaces/msg/Time"](stamp.sec, stamp.nanosec)
        self._points: list[Any] = []
        self._texts: list[Any] = []

    def objects(self, topic: str, objects: Iterable[tuple[Any, str]]) -> None:
        """Boxes, with words above them."""
        for each, text in objects:
            box = each.box
            corners = [
                (box.x_min, box.y_min),
                (box.x_max, box.y_min),
                (box.x_max, box.y_max),
                (box.x_min, box.y_max),
            ]
            self._shape(LINE_LOOP, corners, (*COLOURS[topic], 1.0))
            self.words([((box.x_min, box.y_min), text)])

    def lines(self, lines: Iterable[tuple[Place, Place]], colour: Colour) -> None:
        """Lines from point to point."""
        if ends := [end for line in lines for end in line]:
            self._shape(LINE_LIST, ends, colour)

    def words(self, words: Iterable[tuple[Place, str]]) -> None:
        """Words at places."""
        kind = self._kinds["foxglove_msgs/msg/TextAnnotation"]
        for place, text in words:
            if text.strip():
                texts = kind(
                    self._stamp, self._place(place), text.strip(), FONT, self._colour((1.0,) * 4), self._colour(BLACK)
                )
                self._texts.append(texts)

    def annotations(self) -> Any:
        """All of it."""
        return self._kinds[IMAGE_ANNOTATIONS]([], self._points, self._texts)

    def _shape(self, kind: int, places: Iterable[Place], colour: Colour) -> None:
        make = self._kinds["foxglove_msgs/msg/PointsAnnotation"]
        points = [self._place(place) for place in places]
        self._points.append(make(self._stamp, kind, points, self._colour(colour), [], self._colour(NOTHING), THICKNESS))

    def _place(self, place: Place) -> Any:
        return self._kinds["foxglove_msgs/msg/Point2"](*map(float, place))

    def _colour(self, colour: Colour) -> Any:
        return self._kinds["foxglove_msgs/msg/Color"](*colour)
