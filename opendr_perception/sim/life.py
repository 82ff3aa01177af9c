"""People of the simulated world who do something while time goes on: they walk, turn, sit and talk.

They are no model of a crowd: each goes to places by chance, around nothing, and stops for whoever stands before them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.sim.model import PERSON_RADIUS, ROBOT_RADIUS
from opendr_perception.sim.scene import Pose, Room, Standing, Thing, distance, wrap

SPEED = 0.4, 1.3
"""m/s, of who walks; ISO 13855 counts with 1.6."""
TURNING = 1.5
"""rad/s."""
STEP = 0.7
"""m of a step."""
SEATED, TALKING, STANDING = (4.0, 10.0), (2.0, 6.0), (1.0, 4.0)
"""Seconds for which somebody does that."""
SYLLABLE = 0.2
"""Seconds for which a mouth that talks stays open, and closed."""
YIELD = 0.35
"""m between rims at which who walks stops for what is before them; they are not blind, nor do they run."""
AHEAD = math.radians(70)
"""To each side of where they walk, in which they see it."""
BORDER = 0.6
"""m from walls within which nobody goes."""
DOINGS = ("walk", "turn", "sit", "talk", "stand")
LIKELY = (0.45, 0.15, 0.1, 0.15, 0.15)


@dataclass
class _Doing:
    """Activity of somebody, and its end, s."""

    kind: str
    until: float
    goal: Pose
    speed: float = 0.0


class Life:
    """Moves the people of a scene.

    Args:
        people: those of the scene, who stand at first.
        room: in which they stay.
        things: which they walk around by stopping before them.
        seed: of all that they do.
        still: number of those, the first ones, who do not walk away, but turn, sit and talk where they are.
    """

    def __init__(
        self, people: Sequence[Standing], room: Room, things: Sequence[Thing] = (), seed: int = 0, still: int = 0
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._room, self._things, self._still = room, things, still
        self._time, self._walked = 0.0, [0.0] * len(people)
        self._people = [(one.name, one.pose) for one in people]
        self._doings = [_Doing("stand", float(self._random.uniform(0, 2)), one.pose) for one in people]

    def step(self, seconds: float, robot: Pose, place: Callable[[str, Pose, str], None]) -> None:
        """Go on for some time.

        Args:
            seconds: how long.
            robot: where it is; who walks stops for it.
            place: is told each person's name, pose and posture.
        """
        self._time += seconds
        for number, (name, pose) in enumerate(self._people):
            doing = self._doings[number]
            if self._time >= doing.until:
                doing = self._doings[number] = self._next(number, pose)
            pose = self._moved(number, pose, doing, seconds, robot)
            self._people[number] = name, pose
            place(name, pose, self._looks(number, doing))

    def _next(self, number: int, pose: Pose) -> _Doing:
        random, now = self._random, self._time
        kind = str(random.choice(DOINGS, p=LIKELY))
        if kind == "walk" and number >= self._still:
            x, y = self._room.length / 2 - BORDER, self._room.width / 2 - BORDER
            goal = Pose(float(random.uniform(-x, x)), float(random.uniform(-y, y)))
            speed = float(random.uniform(*SPEED))
            return _Doing("walk", now + 1.0 + distance(pose, goal) / speed, goal, speed)
        if kind in ("walk", "turn"):
            yaw = float(random.uniform(-math.pi, math.pi))
            return _Doing("turn", now + 0.5 + math.pi / TURNING, Pose(pose.x, pose.y, yaw))
        seconds = {"sit": SEATED, "talk": TALKING}.get(kind, STANDING)
        return _Doing(kind, now + float(random.uniform(*seconds)), pose)

    def _moved(self, number: int, pose: Pose, doing: _Doing, seconds: float, robot: Pose) -> Pose:
        if doing.kind not in ("walk", "turn"):
            return pose
        walks = doing.kind == "walk" and distance(pose, doing.goal) > 0.05
        towards = math.atan2(doing.goal.y - pose.y, doing.goal.x - pose.x) if walks else doing.goal.yaw
        if doing.kind == "walk" and not walks:
            return pose
        error = wrap(towards - pose.yaw)
        yaw = wrap(pose.yaw + max(-TURNING * seconds, min(TURNING * seconds, error)))
        way = doing.speed * seconds if walks and abs(error) < 0.5 and self._free(number, pose, yaw, robot) else 0.0
        self._walked[number] += way
        way = min(way, distance(pose, doing.goal)) if walks else 0.0
        return Pose(pose.x + way * math.cos(yaw), pose.y + way * math.sin(yaw), yaw)

    def _free(self, number: int, pose: Pose, yaw: float, robot: Pose) -> bool:
        others = [(place, 2 * PERSON_RADIUS) for k, (_, place) in enumerate(self._people) if k != number]
        others += [(thing.pose, PERSON_RADIUS + 0.35) for thing in self._things]
        for other, rims in (*others, (robot, PERSON_RADIUS + ROBOT_RADIUS)):
            bearing = wrap(math.atan2(other.y - pose.y, other.x - pose.x) - yaw)
            if distance(pose, other) - rims < YIELD and abs(bearing) < AHEAD:
                return False
        return True

    def _looks(self, number: int, doing: _Doing) -> str:
        if doing.kind == "walk":
            return ("", "left", "", "right")[int(2 * self._walked[number] / STEP) % 4]
        if doing.kind == "talk":
            return "speaking" if int(self._time / SYLLABLE) % 2 else ""
        return "seated" if doing.kind == "sit" else ""
