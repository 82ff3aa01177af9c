"""People who are not seen any more are still there."""

from __future__ import annotations

import math

from opendr_perception.active.surroundings.crowd import MOST, REMEMBERED, RememberedPeople
from opendr_perception.active.surroundings.odometry import Place

HERE = Place()


def test_who_turns_their_head_is_remembered_for_a_while() -> None:
    crowd = RememberedPeople()
    crowd.observe(0.0, HERE, [(1.0, 0.2)], None)
    crowd.observe(1.0, HERE, [], None)
    assert crowd.points(1.0) == [(1.0, 0.2)]
    assert crowd.points(REMEMBERED + 0.1) == []


def test_who_walks_is_not_remembered_at_every_step() -> None:
    crowd = RememberedPeople()
    for step in range(20):
        crowd.observe(0.1 * step, HERE, [(2.0, -1.0 + 0.16 * step)], None)
    assert len(crowd.points(2.0)) == 1


def test_who_is_meant_is_no_other() -> None:
    crowd = RememberedPeople()
    crowd.observe(0.0, HERE, [(2.0, 0.0), (2.0, 1.5)], None)
    crowd.observe(0.1, HERE, [], (2.1, 0.1))
    assert crowd.points(0.1) == [(2.0, 1.5)]


def test_of_a_thousand_people_the_nearest_are_remembered() -> None:
    crowd = RememberedPeople()
    crowd.observe(0.0, HERE, [(1.0 + k, 0.0) for k in range(1000)], None)
    points = crowd.points(0.0)
    assert len(points) == MOST
    assert max(math.hypot(*point) for point in points) == MOST
