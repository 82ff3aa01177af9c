"""People in space in the messages of other stacks: poses, people_msgs, and vision_msgs in 3D."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from geometry_msgs.msg import Pose, PoseWithCovariance, Quaternion

from opendr_perception.msg import Person
from opendr_perception.ros.outputs.space import PeopleInSpace, heading, place, point, speed, vector

WALKS = 0.2
"""m/s from which on somebody is taken to go where they move."""
CLASS = "person"


def positions(types: ModuleType, people: PeopleInSpace) -> object:
    """A PoseArray of those whose place is known, in the order of `people`; x points to where somebody walks."""
    poses = [Pose(position=point(place(one)), orientation=_walks(people, one)) for one in people.located]
    return types.PoseArray(header=people.message.header, poses=poses)


def people_in_people_msgs(types: ModuleType, people: PeopleInSpace) -> object:
    """People of people_msgs, such as costmap layers of social navigation take; names are ids, or known names."""
    found = [
        types.Person(
            name=one.name or one.person_id,
            position=point(place(one)),
            velocity=point(speed(one)),
            reliability=one.score,
            tagnames=list(tags := _tags(one)),
            tags=list(tags.values()),
        )
        for one in people.located
    ]
    return types.People(header=people.message.header, people=found)


def detections_3d(types: ModuleType, people: PeopleInSpace) -> object:
    """A Detection3DArray of vision_msgs 4 of who is seen in the image: `id` is the person's id."""
    found = [_detection(types, people, one) for one in people.located if one.visible]
    return types.Detection3DArray(header=people.message.header, detections=[one for one in found if one is not None])


def _detection(types: ModuleType, people: PeopleInSpace, person: Person) -> object:
    box = people.box(person)
    if box is None:
        return None
    detection = types.Detection3D(header=people.message.header, id=person.person_id)
    detection.bbox.center, detection.bbox.size = box.pose, vector(box.size)
    hypothesis = types.ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id, hypothesis.hypothesis.score = CLASS, person.score
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = np.array(person.position_covariance).reshape(3, 3)
    hypothesis.pose = PoseWithCovariance(pose=Pose(position=point(place(person))), covariance=covariance.ravel())
    detection.results = [hypothesis]
    return detection


def _walks(people: PeopleInSpace, person: Person) -> Quaternion:
    velocity = speed(person)
    return heading(velocity) if people.upright and np.hypot(*velocity[:2]) >= WALKS else Quaternion()


def _tags(person: Person) -> dict[str, str]:
    known = {
        "id": person.person_id,
        "name": person.name,
        "action": person.action,
        "expression": person.expression,
        "visible": str(person.visible).lower(),
    }
    return {name: value for name, value in known.items() if value}
