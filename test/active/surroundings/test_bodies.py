"""Bodies and faces of the same people are found together."""

from __future__ import annotations

import pytest

from opendr_perception.active.surroundings.bodies import Bodies, match
from opendr_perception.active.surroundings.geometry import PersonPosition


def test_each_face_has_its_own_body() -> None:
    faces = [PersonPosition(2.0, 0.0), PersonPosition(2.2, 0.5)]
    bodies = [PersonPosition(1.8, 0.48), PersonPosition(1.5, 0.02), PersonPosition(1.0, -0.6)]
    assert match(faces, bodies) == {0: 1, 1: 0}


def test_a_body_before_a_face_is_somebody_else() -> None:
    assert match([PersonPosition(4.0, 0.0)], [PersonPosition(0.8, 0.05)]) == {}
    assert match([PersonPosition(4.0, 0.0)], [PersonPosition(0.8, 0.05), PersonPosition(3.1, 0.0)]) == {0: 1}


def test_the_person_who_is_meant_is_no_obstacle_and_whoever_turns_the_back_is_one() -> None:
    bodies = Bodies()
    bodies.faces(10.0, [PersonPosition(2.0, 0.0)])
    paired = bodies.pair(10.0, [PersonPosition(1.5, 0.0), PersonPosition(1.0, 0.5)], PersonPosition(2.0, 0.0), ())
    assert paired.others == [PersonPosition(1.0, 0.5)]
    assert paired.person == PersonPosition(2.0, 0.0), "as far as the face says"


def test_a_body_without_a_face_goes_on_where_the_face_was() -> None:
    bodies = Bodies()
    bodies.faces(10.0, [PersonPosition(2.0, 0.0)])
    bodies.pair(10.0, [PersonPosition(1.6, 0.0)], PersonPosition(2.0, 0.0), ())
    later = bodies.pair(12.0, [PersonPosition(1.2, 0.05)], PersonPosition(1.6, 0.0), ())
    assert later.person is not None
    assert later.person.distance == pytest.approx(1.5)
    bodies.begin()
    assert bodies.pair(12.1, [PersonPosition(1.2, 0.05)], PersonPosition(1.6, 0.0), ()).person == PersonPosition(
        1.2, 0.05
    )


def test_the_nearest_of_those_who_are_sought_is_meant_when_nobody_is_yet() -> None:
    bodies = Bodies()
    seen = [PersonPosition(3.0, 0.0), PersonPosition(2.0, 0.5), PersonPosition(1.0, -0.5)]
    paired = bodies.pair(1.0, seen, None, [0, 1])
    assert paired.person == seen[1]
    assert paired.others == [seen[0], seen[2]]
    assert bodies.pair(1.0, seen, None, ()).person is None
