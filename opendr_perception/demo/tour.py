"""Route of the robot of the active demonstration between two people, as a navigation would lead it."""

from __future__ import annotations

import math

from opendr_perception.sim.footprints import gap
from opendr_perception.sim.model import PERSON_RADIUS, ROBOT_RADIUS
from opendr_perception.sim.robot import Command
from opendr_perception.sim.scene import Pose, Scene, distance, stop_on_way, wrap

SPEED, TURN = 0.8, 1.2
"""m/s and rad/s, on the way."""
GAIN = 2.0
"""Of the control of place and heading, 1/s."""
PASSED = 0.1
"""m, from a place that it only passes by."""
NEAR, AIMED = 0.002, 0.002
"""m and rad, at which the robot is there: first views of the same tour shall be the same."""


def legs(robot: Pose, person: Pose) -> tuple[Pose, Pose]:
    """Back to the way, which nothing stands on, and along it to the stop before the next person."""
    stop = stop_on_way(person)
    return Pose(robot.x, stop.y), stop


def towards(robot: Pose, goal: Pose, person: Pose) -> Command:
    """The velocity, of a robot that can go sideways, to a place with its eyes on a person."""
    direction, turn = _direction(robot, goal) - robot.yaw, wrap(_direction(robot, person) - robot.yaw)
    speed = min(SPEED, GAIN * distance(robot, goal))
    return Command(speed * math.cos(direction), speed * math.sin(direction), max(-TURN, min(TURN, GAIN * turn)))


def arrived(robot: Pose, goal: Pose, person: Pose) -> bool:
    """True if the robot is there, and looks at the person."""
    return distance(robot, goal) < NEAR and abs(wrap(_direction(robot, person) - robot.yaw)) < AIMED


def _direction(a: Pose, b: Pose) -> float:
    return math.atan2(b.y - a.y, b.x - a.x)


def clearance(scene: Scene, robot: Pose) -> float:
    """From the rim of the robot to the nearest person, or to the outline of the nearest thing, m."""
    people = [distance(robot, person.pose) - PERSON_RADIUS for person in scene.people]
    things = [gap(thing, robot) for thing in scene.things]
    return min(people + things, default=math.inf) - ROBOT_RADIUS
