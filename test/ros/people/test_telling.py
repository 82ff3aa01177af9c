"""A frame for each person who is seen and located."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from std_msgs.msg import Header

from opendr_perception.ros.people.telling import _transforms
from opendr_perception.tasks.people.scene import NameSource, Person, PersonLocation, PositionSource, SceneReport

SEEN = Person("k3x_1", "", 0.0, NameSource.NONE, "b", "", "", np.zeros(4), 1.0, True, PersonLocation.unknown())


def test_only_who_is_seen_and_located_has_a_frame() -> None:
    place = PersonLocation(np.array([1.0, 2.0, 0.9]), np.eye(3), np.zeros(3), PositionSource.DEPTH)
    located = replace(SEEN, place=place)
    people = [located, SEEN, replace(located, id="k3x_2", visible=False)]
    [one] = _transforms(Header(frame_id="map"), SceneReport(people))
    assert (one.header.frame_id, one.child_frame_id) == ("map", "person_k3x_1")
    assert (one.transform.translation.x, one.transform.rotation.w) == (1.0, 1.0)
    assert list(_transforms(Header(), SceneReport(people))) == [], "a frame needs a parent"
