"""The way of the robot between people: it arrives, and nothing stands in it."""

from __future__ import annotations

import math

import pytest

from opendr_perception.demo.tour import SPEED, TURN, arrived, clearance, legs, towards
from opendr_perception.sim.scene import Pose, Scene, Thing, distance, draw_scene, pan, seen_from, stop_on_way

NAMES = tuple(f"person_{number:02d}" for number in range(1, 13))
PERIOD = 0.1
REACH = math.radians(75)
"""Largest angle that the robot may have gone around a person."""


def drive(robot: Pose, goal: Pose, person: Pose) -> list[Pose]:
    """All places of a robot that does as it is told."""
    places = [robot]
    while not arrived(robot, goal, person):
        command = towards(robot, goal, person)
        assert math.hypot(command.forward, command.left) <= SPEED + 1e-9
        assert abs(command.turn) <= TURN
        c, s = math.cos(robot.yaw), math.sin(robot.yaw)
        robot = Pose(
            robot.x + PERIOD * (c * command.forward - s * command.left),
            robot.y + PERIOD * (s * command.forward + c * command.left),
            robot.yaw + PERIOD * command.turn,
        )
        places.append(robot)
        assert len(places) < 300, "it does not arrive"
    return places


@pytest.mark.parametrize("goal", [Pose(3, 1), Pose(-1, 0.5), Pose(0, 0), Pose(0.5, 0)])
@pytest.mark.parametrize("person", [Pose(2.0, 4.0), Pose(-5.0, -0.2)])
def test_it_arrives_from_wherever_it_is_with_its_eyes_on_the_person(goal: Pose, person: Pose) -> None:
    last = drive(Pose(0, 0, 0.3), goal, person)[-1]
    assert distance(last, goal) < 0.01
    assert abs(math.remainder(last.yaw - math.atan2(person.y - last.y, person.x - last.x), 2 * math.pi)) < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_in_the_way_wherever_a_visit_has_ended(seed: int) -> None:
    scene = draw_scene("tour", NAMES, seed, len(NAMES))
    for person, following in zip(scene.people, scene.people[1:], strict=False):
        stop = stop_on_way(person.pose)
        start = pan(stop, person.pose)
        for turned in (-REACH, 0.0, REACH):
            robot = seen_from(person.pose, distance(stop, person.pose), start + turned)
            for goal in legs(robot, following.pose):
                places = drive(robot, goal, following.pose)
                robot = places[-1]
                assert min(clearance(scene, place) for place in places) > 0.1


def test_clearance_is_from_rim_to_rim() -> None:
    scene = draw_scene("tour", NAMES, 0, 1)
    person = scene.people[0].pose
    assert clearance(scene, Pose(person.x + 1.0, person.y)) == pytest.approx(1.0 - 0.25 - 0.22)


@pytest.mark.parametrize(
    ("kind", "ahead", "aside"), [("board", 0.2, 0.35), ("box", 0.25, 0.3), ("sign", 0.012, 0.35), ("plant", 0.3, 0.3)]
)
def test_clearance_to_a_thing_is_to_its_shape_and_not_to_a_disc(kind: str, ahead: float, aside: float) -> None:
    scene = Scene(things=(Thing(kind, Pose(1.0, 2.0, math.pi / 2)),))
    assert clearance(scene, Pose(1.0, 3.0)) == pytest.approx(1.0 - ahead - 0.22)
    assert clearance(scene, Pose(0.0, 2.0)) == pytest.approx(1.0 - aside - 0.22)
    assert clearance(scene, Pose(1.0, 2.0)) < -0.22, "within it"
