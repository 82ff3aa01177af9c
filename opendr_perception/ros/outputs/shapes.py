"""Drawable shapes of any result: a box, a name, points and lines between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opendr_perception.msg import BodyPoseArray, Box, DetectionArray, FaceArray, Keypoint
from opendr_perception.ros.outputs.lazy import StampedResult
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
    """

    kind: str
    track: str
    name: str
    score: float
    box: Box
    points: Sequence[Keypoint] = ()
    lines: Sequence[tuple[int, int]] = ()


Shapes = Callable[[StampedResult], list[Shape]]


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
