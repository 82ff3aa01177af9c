"""Positions of people and things, seen from the robot."""

from opendr_perception.active.surroundings.bodies import Bodies, match
from opendr_perception.active.surroundings.crowd import RememberedPeople
from opendr_perception.active.surroundings.frames import Pose3
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity, wrap
from opendr_perception.active.surroundings.locating import Locator, check_mount, looking_ahead, mounted
from opendr_perception.active.surroundings.odometry import Odometry, Place, Point
from opendr_perception.active.surroundings.scan import MAX_INVALID, Blind, StampWatch, scan_points, too_old

__all__ = [
    "MAX_INVALID",
    "STILL",
    "Blind",
    "Bodies",
    "Locator",
    "Odometry",
    "PersonPosition",
    "Place",
    "Point",
    "Pose3",
    "RememberedPeople",
    "StampWatch",
    "Velocity",
    "check_mount",
    "looking_ahead",
    "match",
    "mounted",
    "scan_points",
    "too_old",
    "wrap",
]
