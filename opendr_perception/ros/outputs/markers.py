"""People as visualization_msgs/MarkerArray: boxes, skeletons and names in space, for RViz and Foxglove."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from geometry_msgs.msg import Pose, Vector3
from std_msgs.msg import ColorRGBA

from opendr_perception.msg import Person
from opendr_perception.ros.outputs.space import PeopleInSpace, place, point, vector
from opendr_perception.tasks.body import LIMBS
from opendr_perception.tasks.drawing import KEYPOINT_THRESHOLD, colour_of

OPACITY = 0.3
"""Of boxes."""
LINE, LETTERS, GAP = 0.03, 0.2, 0.15
"""Metres: width of limbs, height of letters, and how far above a box they are."""
WITHOUT_BOX = 1.0
"""Metres above the torso at which names of those are who have no box in this image."""


def markers(types: ModuleType, people: PeopleInSpace) -> object:
    """A MarkerArray that replaces the one before: whoever has left is gone."""
    kind = types.Marker
    found = [kind(header=people.message.header, action=kind.DELETEALL)]
    for number, person in enumerate(people.located):
        for marker in _of(kind, people, person):
            marker.header, marker.id = people.message.header, number
            found.append(marker)
    return types.MarkerArray(markers=found)


def _of(kind: Any, people: PeopleInSpace, person: Person) -> Iterator[Any]:
    top = place(person) + WITHOUT_BOX * people.up
    if (box := people.box(person)) is not None:
        yield kind(ns="boxes", type=kind.CUBE, pose=box.pose, scale=vector(box.size), color=_colour(person, OPACITY))
        top = box.centre + (box.size[1] / 2 + GAP) * people.up
    joints = people.joints(person)
    if joints is not None:
        seen = joints[:, 3] >= KEYPOINT_THRESHOLD
        limbs = [joints[end, :3] for one, other in LIMBS["coco17"] if seen[one] and seen[other] for end in (one, other)]
        if limbs:
            yield kind(
                ns="skeletons",
                type=kind.LINE_LIST,
                scale=Vector3(x=LINE),
                color=_colour(person, 1.0),
                points=list(map(point, limbs)),
            )
    yield kind(
        ns="names",
        type=kind.TEXT_VIEW_FACING,
        pose=Pose(position=point(top)),
        scale=Vector3(z=LETTERS),
        color=_colour(person, 1.0 if person.visible else OPACITY),
        text=_text(person),
    )


def _text(person: Person) -> str:
    carried = "~" if person.name_source == Person.NAME_APPEARANCE else ""
    far = "" if np.isnan(person.distance) else f"{person.distance:.1f} m"
    return "\n".join(filter(None, (f"{person.name or person.person_id}{carried}", f"{person.action} {far}".strip())))


def _colour(person: Person, opacity: float) -> ColorRGBA:
    red, green, blue = (value / 255 for value in colour_of(person.person_id))
    return ColorRGBA(r=red, g=green, b=blue, a=opacity)
