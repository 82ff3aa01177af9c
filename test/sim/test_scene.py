"""Places of things: angles and their signs, occluders, and scenes by chance."""

from __future__ import annotations

import math

import pytest

from opendr_perception.sim.scene import (
    SCENES,
    Pose,
    distance,
    draw_scene,
    facing,
    occlude,
    pan,
    seen_from,
    stop_on_way,
    wrap,
)

NAMES = tuple("abcdefgh")


@pytest.mark.parametrize("angle", [-7.0, -math.pi, -0.1, 0.0, 3.0, math.pi, 12.0])
def test_angles_are_wrapped(angle: float) -> None:
    wrapped = wrap(angle)
    assert -math.pi < wrapped <= math.pi
    assert math.cos(wrapped) == pytest.approx(math.cos(angle))
    assert math.sin(wrapped) == pytest.approx(math.sin(angle))


@pytest.mark.parametrize("azimuth", [-3.0, -1.0, 0.0, 0.7, math.pi])
def test_a_robot_stands_where_it_is_asked_and_looks_at_the_person(azimuth: float) -> None:
    person = Pose(1.0, -2.0, 0.8)
    robot = seen_from(person, 2.5, azimuth)
    assert distance(robot, person) == pytest.approx(2.5)
    assert pan(robot, person) == pytest.approx(azimuth)
    ahead = Pose(robot.x + 2.5 * math.cos(robot.yaw), robot.y + 2.5 * math.sin(robot.yaw))
    assert distance(ahead, person) == pytest.approx(0.0, abs=1e-9)


def test_the_robot_that_goes_to_its_right_sees_the_azimuth_grow() -> None:
    person = Pose()
    robot = seen_from(person, 2.0, 0.0)
    right = Pose(robot.x + 0.1 * math.sin(robot.yaw), robot.y - 0.1 * math.cos(robot.yaw), robot.yaw)
    assert pan(right, person) > 0


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_an_occluder_stands_on_its_side_of_the_line_of_sight(side: str, sign: int) -> None:
    scene = occlude(facing("a", 2.0, 0.5), side, share=0.4, fraction=0.5)
    thing, robot = scene.things[0].pose, scene.robot
    across = -(thing.x - robot.x) * math.sin(robot.yaw) + (thing.y - robot.y) * math.cos(robot.yaw)
    along = (thing.x - robot.x) * math.cos(robot.yaw) + (thing.y - robot.y) * math.sin(robot.yaw)
    assert across * sign > 0.3, "the robot's left is the left of its image"
    assert along == pytest.approx(1.0)


@pytest.mark.parametrize("kind", SCENES)
def test_scenes_by_chance_depend_on_the_seed_alone(kind: str) -> None:
    assert draw_scene(kind, NAMES, 5) == draw_scene(kind, NAMES, 5)
    assert len({draw_scene(kind, NAMES, seed) for seed in range(20)}) == 20


@pytest.mark.parametrize("kind", SCENES)
def test_scenes_by_chance_leave_room(kind: str) -> None:
    for seed in range(50):
        scene = draw_scene(kind, NAMES, seed)
        assert abs(scene.robot.x) < scene.room.length / 2 - 0.3
        assert abs(scene.robot.y) < scene.room.width / 2 - 0.3
        for standing in scene.people:
            assert distance(standing.pose, scene.robot) >= 1.0
        for thing in scene.things:
            assert distance(thing.pose, scene.robot) > 0.6
            assert all(distance(thing.pose, standing.pose) > 0.5 for standing in scene.people)


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(ValueError, match="the scenes are single, occluded, covered, crowd"):
        draw_scene("party", NAMES, 0)
    with pytest.raises(ValueError, match="5 people cannot be drawn from 2"):
        draw_scene("crowd", NAMES[:2], 0)


def test_on_a_tour_people_can_be_gone_around_and_are_seen_askance_from_their_stops() -> None:
    scene = draw_scene("tour", NAMES, 3, 5)
    assert scene.robot == stop_on_way(scene.people[0].pose)
    for number, person in enumerate(scene.people):
        others = [other.pose for other in scene.people if other is not person]
        assert min(distance(person.pose, other) for other in others) > 3.6
        turned = abs(pan(stop_on_way(person.pose), person.pose))
        assert 0.1 <= turned <= (0.3 if number % 3 == 2 else 0.92) + 1e-9
    assert len(scene.things) == 1
    assert distance(scene.things[0].pose, scene.people[2].pose) < 1.2
