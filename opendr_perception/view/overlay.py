"""Overlays: what one message shows, in no viewer's terms. Sinks turn them into what a viewer takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypedDict

from opendr_perception.msg import (
    ActionArray,
    BodyPoseArray,
    DetectionArray,
    EmotionArray,
    FaceArray,
    NodeStatistics,
    PersonArray,
)
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.outputs import shapes
from opendr_perception.tasks.drawing import KEYPOINT_THRESHOLD

STATISTICS = "statistics"
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Dot:
    """A named place.

    Args:
        track: id, which chooses the colour.
        name: what is written beside it.
        place: (x, y, z) in metres, or (valence, arousal) in [-1, 1].
    """

    track: str
    name: str
    place: tuple[float, ...]


@dataclass(frozen=True)
class Overlay:
    """Content of one message, as viewers show it.

    None says that the message is not about that; an empty collection, that there is nothing.

    Args:
        stream: of the camera, such as `/front`; '' without a namespace.
        name: of the overlay: the topic of the message, or `image`.
        stamp: ns, of the image that it is about.
        jpeg: the image, encoded.
        shapes: boxes, skeletons and names, in pixels of the image.
        states: by track id, what a person is doing or what a face shows; shown over time.
        plots: by name, a number; shown over time.
        moods: valence and arousal of faces.
        people: where people are, m, in the frame of the message.
        robot: (x, y, yaw) of the robot there, m and rad; None where that is not known.
    """

    stream: str
    name: str
    stamp: int
    jpeg: bytes | None = None
    shapes: Sequence[shapes.Shape] | None = None
    states: Mapping[str, str] | None = None
    plots: Mapping[str, float] = field(default_factory=dict)
    moods: Sequence[Dot] | None = None
    people: Sequence[Dot] | None = None
    robot: tuple[float, float, float] | None = None

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Of the shapes: x_min, y_min, x_max, y_max."""
        boxes = [each.box for each in self.shapes or ()]
        return [(box.x_min, box.y_min, box.x_max, box.y_max) for box in boxes]

    @property
    def limbs(self) -> list[tuple[str, Line]]:
        """Of the shapes: the track and the line of each limb whose ends are both seen."""
        return [
            (each.track, ((a.x, a.y), (b.x, b.y)))
            for each in self.shapes or ()
            for a, b in ((each.points[start], each.points[end]) for start, end in each.lines)
            if min(a.score, b.score) >= KEYPOINT_THRESHOLD
        ]


class OverlayFields(TypedDict, total=False):
    """Fields of an overlay that a message fills."""

    shapes: Sequence[shapes.Shape]
    states: Mapping[str, str]
    plots: Mapping[str, float]
    moods: Sequence[Dot]
    people: Sequence[Dot]
    robot: tuple[float, float, float] | None


class Changes:
    """Remembers the states of each timeline, and gives what has changed. Who is not told of any more has none."""

    def __init__(self) -> None:
        self._before: dict[str, Mapping[str, str]] = {}

    def __call__(self, timeline: str, states: Mapping[str, str]) -> dict[str, str]:
        """States that are not those before, by track id; '' where one has ended."""
        before, self._before[timeline] = self._before.get(timeline, {}), dict(states)
        new = {track: states.get(track, "") for track in {**before, **states}}
        return {track: state for track, state in new.items() if state != before.get(track, "")}


def overlay(stream: str, message: stamps.Stamped, robot: tuple[float, float, float] | None = None) -> Overlay:
    """The overlay of a message of a type in `TOPICS`.

    Args:
        stream: that it is about.
        message: a result of a node, or its statistics.
        robot: where it is, for people in space.

    Raises:
        ValueError: the stamp is negative.
    """
    topic, content = _CONTENTS[type(message)]
    found = content(message)
    if topic == "people":
        found["robot"] = robot
    return Overlay(stream, topic, stamps.nanoseconds(message.header.stamp), **found)


def _shapes(message: object) -> OverlayFields:
    return {"shapes": shapes.of_result(message, {})}


def _actions(message: ActionArray) -> OverlayFields:
    return {"states": {each.track_id: each.label for each in message.actions if each.warm}}


def _emotions(message: EmotionArray) -> OverlayFields:
    moods = [Dot(each.track_id, each.track_id, (each.valence, each.arousal)) for each in message.emotions]
    return {"states": {each.track_id: each.label for each in message.emotions}, "moods": moods}


def _people(message: PersonArray) -> OverlayFields:
    visible = [each for each in message.people if each.visible]
    named = [(each, each.name or each.person_id) for each in visible]
    places = [Dot(each.person_id, name, (each.position.x, each.position.y, each.position.z)) for each, name in named]
    return {
        "shapes": [shapes.Shape("person", each.person_id, name, each.score, each.box) for each, name in named],
        "people": [dot for dot in places if all(map(isfinite, dot.place))],
    }


def _statistics(message: NodeStatistics) -> OverlayFields:
    name = "/".join(filter(None, (message.node.strip("/"), message.stream)))
    plots = {f"age/{name}": message.latency_mean, f"drops/{name}": float(message.dropped)}
    return {"plots": {path: value for path, value in plots.items() if isfinite(value)}}


_CONTENTS: Mapping[type, tuple[str, Callable[[Any], OverlayFields]]] = {
    DetectionArray: ("persons", _shapes),
    BodyPoseArray: ("poses", _shapes),
    FaceArray: ("faces", _shapes),
    ActionArray: ("actions", _actions),
    EmotionArray: ("emotions", _emotions),
    PersonArray: ("people", _people),
    NodeStatistics: (STATISTICS, _statistics),
}

TOPICS: Mapping[str, type] = {topic: kind for kind, (topic, _) in _CONTENTS.items()}
"""Topics that are shown, and the types of their messages."""
