"""Manoeuvres end where they should, facing the person, for both kinds of robots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import ROBOTS, Move, Refused, plan
from opendr_perception.active.control.status import Status
from opendr_perception.active.surroundings.geometry import PersonPosition

HALF_VIEW = math.radians(30)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("degrees", [-45, -15, 5, 15, 30])
@pytest.mark.parametrize("distance", [1.3, 2.0, 4.0])
def test_a_robot_goes_around_the_person(floor: Any, robot: str, degrees: float, distance: float) -> None:
    scene = floor(robot=robot, person=np.array([distance, 0.0]))
    farthest = widest = 0.0
    scene.controller.move(Move(pan=math.radians(degrees)), scene.now)
    while scene.controller.moving:
        scene.step()
        person = scene.seen(scene.person)
        farthest, widest = max(farthest, person.distance), max(widest, abs(person.bearing))
        assert scene.now < 250, scene.controller.status
    assert scene.controller.status is Status.ARRIVED
    assert math.degrees(scene.pan) == pytest.approx(degrees, abs=2)
    assert scene.controller.pan == pytest.approx(scene.pan, abs=0.03)
    end = scene.seen(scene.person)
    assert abs(end.bearing) < 0.06
    assert widest < HALF_VIEW  # never out of the image
    assert farthest < distance + 0.05
    assert scene.limits.stand_off <= end.distance
    if distance > 1.5 or robot == "holonomic":
        assert end.distance == pytest.approx(distance, abs=0.05)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("advance", [-0.5, 0.1, 0.8])
def test_a_robot_goes_towards_the_person_and_away(floor: Any, robot: str, advance: float) -> None:
    scene = floor(robot=robot)
    scene.drive(Move(advance=advance))
    assert scene.seen(scene.person).distance == pytest.approx(2 - advance, abs=0.02)
    assert scene.controller.travelled == pytest.approx(abs(advance), abs=0.02)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize(("degrees", "advance"), [(40, 1.5), (-25, 2.0), (30, -0.5)])
def test_one_move_leads_nearer_and_around(floor: Any, robot: str, degrees: float, advance: float) -> None:
    scene = floor(robot=robot, person=np.array([4.0, 0.0]))
    move = Move(math.radians(degrees), advance)
    scene.drive(move, longest=200)
    assert scene.controller.status is Status.ARRIVED
    assert math.degrees(scene.pan) == pytest.approx(degrees, abs=2)
    assert scene.seen(scene.person).distance == pytest.approx(4 - advance, abs=0.1)
    if robot == "holonomic":
        assert scene.controller.travelled == pytest.approx(move.length(4.0), abs=0.1)


@pytest.mark.parametrize("robot", ROBOTS)
def test_one_move_leads_past_something_nearer_and_around(floor: Any, robot: str) -> None:
    scene = floor(robot=robot, person=np.array([4.0, 0.0]))
    move = Move(math.radians(15), 1.5, before=math.radians(20))
    scene.drive(move, longest=200)
    assert scene.controller.status is Status.ARRIVED
    assert math.degrees(scene.pan) == pytest.approx(35, abs=3)
    assert scene.seen(scene.person).distance == pytest.approx(2.5, abs=0.1)
    if robot == "holonomic":
        assert scene.controller.travelled == pytest.approx(move.length(4.0), abs=0.1)


def test_what_has_no_room_at_the_end_of_a_way_is_left_out(floor: Any) -> None:
    scene = floor(robot="differential", person=np.array([2.0, 0.0]))
    scene.drive(Move(math.radians(30), 2.0 - scene.limits.stand_off - 0.04))
    assert scene.controller.status is Status.ARRIVED
    assert abs(math.degrees(scene.pan)) < 2


def test_nobody_is_approached_beyond_the_least_distance(floor: Any) -> None:
    scene = floor()
    scene.drive(Move(advance=1.5))
    assert scene.controller.status is Status.ARRIVED, "as near as it may be"
    assert scene.limits.stand_off <= scene.seen(scene.person).distance <= scene.limits.stand_off + 0.03


def test_a_move_that_cannot_be_made_is_refused() -> None:
    near, limits = PersonPosition(0.8, 0.0), Limits()
    for move in (Move(pan=0.3), Move(advance=0.1)):
        with pytest.raises(Refused, match=r"nearer than 0\.9 m"):
            plan("holonomic", move, near, limits, HALF_VIEW)
    assert plan("holonomic", Move(advance=-0.2), near, limits, HALF_VIEW)
    with pytest.raises(Refused, match="no room to swing"):
        plan("differential", Move(pan=0.3), PersonPosition(1.18, 0.0), limits, HALF_VIEW)


@pytest.mark.parametrize("move", [Move(), Move(pan=math.nan), Move(0.1, math.inf)])
def test_what_is_no_move_is_refused(move: Move) -> None:
    with pytest.raises(ValueError, match="a move goes around"):
        plan("holonomic", move, PersonPosition(2.0, 0.0), Limits(), HALF_VIEW)
    with pytest.raises(ValueError, match="motion must be one of"):
        plan("legged", Move(pan=0.1), PersonPosition(2.0, 0.0), Limits(), HALF_VIEW)
