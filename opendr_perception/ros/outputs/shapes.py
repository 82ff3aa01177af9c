"""Drawable shapes of any result: a box, a name, points and lines between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPoseArray,
    Box,
    DetectionArray,
    Emotion,
    EmotionArray,
    FaceArray,
    Keypoint,
    Person,
)
from opendr_perception.ros.outputs.space import PeopleInSpace
from opendr_perception.tasks.body import LIMBS


@dataclass(frozen=True)
class Shape:
    """A person or a face in an image.

    Args:
        kind: `person` or `face`.
        track: its id; '' for none.
        name: what is written beside it.
        score: in [0, 1].
        box: in pixels of the image.
        points: likewise; a score of 0 says that a point was not seen.
        lines: pairs of points between which there is a line.
        below: what is written below the box.
        framed: whether the box is drawn.
    """

    kind: str
    track: str
    name: str
    score: float
    box: Box
    points: Sequence[Keypoint] = ()
    lines: Sequence[tuple[int, int]] = ()
    below: str = ""
    framed: bool = True


def of_persons(message: DetectionArray) -> list[Shape]:
    """The people of one image."""
    return [Shape(each.label, each.track_id, each.track_id, each.score, each.box) for each in message.detections]


def of_poses(message: BodyPoseArray) -> list[Shape]:
    """The bodies of one image."""
    lines = LIMBS[message.layout]
    return [
        Shape("person", each.track_id, each.track_id, each.score, each.box, each.keypoints, lines)
        for each in message.poses
    ]


def of_faces(message: FaceArray) -> list[Shape]:
    """The faces of one image; those of people who are known have their names."""
    return [
        Shape("face", each.track_id, each.identity or each.track_id, each.score, each.box, each.landmarks)
        for each in message.faces
    ]


def of_people(people: PeopleInSpace) -> list[Shape]:
    """The people of one image, by ids of people or names, with what they do and how far away they are."""
    return [
        Shape("person", each.person_id, each.name or each.person_id, each.score, each.box, below=_told(each))
        for each in people.message.people
        if each.visible
    ]


def of_actions(message: ActionArray, bodies: BodyPoseArray | DetectionArray) -> list[Shape]:
    """Actions of the bodies of one image, below their boxes."""
    found = bodies.poses if isinstance(bodies, BodyPoseArray) else bodies.detections
    boxes = {each.track_id: each.box for each in found if each.track_id}
    return [_below("person", each, boxes[each.track_id]) for each in message.actions if each.track_id in boxes]


def of_emotions(message: EmotionArray, faces: FaceArray) -> list[Shape]:
    """Expressions of the faces of one image, below their boxes."""
    boxes = {each.track_id: each.box for each in faces.faces if each.track_id}
    return [_below("face", each, boxes[each.track_id]) for each in message.emotions if each.track_id in boxes]


_ALONE: Mapping[type, Callable[[Any], list[Shape]]] = {
    DetectionArray: of_persons,
    BodyPoseArray: of_poses,
    FaceArray: of_faces,
}


def of_result(message: Any, results: Mapping[str, Any]) -> list[Shape]:
    """Shapes of any result, for whatever draws: bags, viewers and messages.

    Args:
        message: persons, poses, faces, actions, activities or emotions.
        results: other results of the same image, by topic: where people are of whom a message has only the ids.
    """
    if isinstance(message, ActionArray):
        bodies = results.get("poses", results.get("persons"))
        return of_actions(message, bodies) if bodies is not None else []
    if isinstance(message, EmotionArray):
        return of_emotions(message, results["faces"]) if "faces" in results else []
    return _ALONE[type(message)](message)


def _below(kind: str, told: Action | Emotion, box: Box) -> Shape:
    return Shape(kind, told.track_id, "", max(told.probabilities, default=0.0), box, below=told.label, framed=False)


def _told(person: Person) -> str:
    far = "" if math.isnan(person.distance) else f"{person.distance:.1f} m"
    return f"{person.action} {far}".strip()
