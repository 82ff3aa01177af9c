"""Settings of the environment `People-v0`, with the defaults that are registered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opendr_perception.sim.robot import ROBOTS

SIZES = 32, 1024
"""Least and largest side of an image, pixels."""


@dataclass(frozen=True)
class WorldConfig:
    """Settings of a world in which a robot learns where to look from.

    Args:
        robot: holonomic or differential.
        people: how many are in the room; the first one counts.
        moving: whether they walk, turn, sit and talk; else they stand.
        width: of the images, pixels.
        height: of the images, pixels.
        field_of_view: horizontal, rad.
        camera_height: m.
        rate: actions for each simulated second, Hz.
        seconds: of an episode.
        nearest: distance of the person when it begins, m.
        farthest: the same.
        pan: angle around the person at which it begins, to each side, rad.
        speed: of an action of 1, m/s.
        turn: of an action of 1, rad/s.
        wanted_face: side of a face that is large enough, pixels.
        metre: cost of each metre, in units of the reward.
        contact: cost of touching anybody or anything, which ends an episode.

    Raises:
        ValueError: a value makes no sense.
    """

    robot: str = "holonomic"
    people: int = 3
    moving: bool = True
    width: int = 128
    height: int = 96
    field_of_view: float = math.radians(75)
    camera_height: float = 1.5
    rate: float = 5.0
    seconds: float = 20.0
    nearest: float = 1.5
    farthest: float = 4.0
    pan: float = math.pi
    speed: float = 0.25
    turn: float = 0.6
    wanted_face: float = 12.0
    metre: float = 0.03
    contact: float = 1.0

    def __post_init__(self) -> None:
        if self.robot not in ROBOTS:
            raise ValueError(f"robot must be one of {', '.join(ROBOTS)}, got '{self.robot}'")
        if not 1 <= self.people <= 16:
            raise ValueError(f"people must be in [1, 16], got {self.people}")
        if not all(SIZES[0] <= side <= SIZES[1] for side in (self.width, self.height)):
            raise ValueError(f"images have sides in [{SIZES[0]}, {SIZES[1]}], got {self.width}x{self.height}")
        positive = (self.rate, self.seconds, self.nearest, self.speed, self.turn, self.wanted_face)
        if not all(math.isfinite(value) and value > 0 for value in positive) or self.rate > 100:
            raise ValueError("rate (at most 100 Hz), seconds, nearest, speed, turn and wanted_face must be above 0")
        if not self.nearest <= self.farthest <= 8:
            raise ValueError(f"farthest must be in [nearest, 8] m, got {self.farthest:g}")


def default_config() -> WorldConfig:
    """Settings of the registered environment; `dataclasses.replace` changes some of them."""
    return WorldConfig()
