"""Velocities within limits: manoeuvres, the limiter, the controller, and reasons to stand still."""

from opendr_perception.active.control.controller import LONGEST_STEP, REPEAT, MotionController
from opendr_perception.active.control.flight import FlightController, HeightRange
from opendr_perception.active.control.following import Following, FollowingCheck
from opendr_perception.active.control.gaze import PAN_TILT, HeadController
from opendr_perception.active.control.head import HeadJoints, HeadRange, PanTilt
from opendr_perception.active.control.interlocks import STOP, Interlocks
from opendr_perception.active.control.limiter import REDUCED_SPEED, Limits
from opendr_perception.active.control.motion import FREE, ROBOTS, HeadTurn, Move, Order, Refused
from opendr_perception.active.control.pursuit import Pursuit
from opendr_perception.active.control.status import IN_THE_WAY, Status, Timeouts

__all__ = [
    "FREE",
    "IN_THE_WAY",
    "LONGEST_STEP",
    "PAN_TILT",
    "REDUCED_SPEED",
    "REPEAT",
    "ROBOTS",
    "STOP",
    "FlightController",
    "Following",
    "FollowingCheck",
    "HeadController",
    "HeadJoints",
    "HeadRange",
    "HeadTurn",
    "HeightRange",
    "Interlocks",
    "Limits",
    "MotionController",
    "Move",
    "Order",
    "PanTilt",
    "Pursuit",
    "Refused",
    "Status",
    "Timeouts",
]
