"""A robot on an empty floor, driven by the controller, at exact times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import Timeouts
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity, wrap
from opendr_perception.tasks.face.geometry import FACING, HEAD
from opendr_perception.tasks.imaging.image import Image

PERIOD = 0.05
HALF_VIEW = math.radians(30)


@dataclass
class Floor:
    """The robot begins at the origin and looks along x; people stand still unless a test moves them."""

    robot: str = "holonomic"
    person: np.ndarray = field(default_factory=lambda: np.array([2.0, 0.0]))
    others: list[np.ndarray] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    camera_period: float = 0.1
    position: np.ndarray = field(default_factory=lambda: np.zeros(2))
    heading: float = 0.0
    now: float = 100.0
    seeing: bool = True
    said: list[tuple[float, Velocity | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller = MotionController(self.robot, self.limits, Timeouts(), HALF_VIEW)
        self.look()

    def seen(self, point: np.ndarray) -> PersonPosition:
        away = point - self.position
        return PersonPosition(float(np.hypot(*away)), wrap(math.atan2(away[1], away[0]) - self.heading))

    @property
    def pan(self) -> float:
        """Azimuth of the robot around the person, from where it began."""
        away = self.position - self.person
        return wrap(math.atan2(away[1], away[0]) - math.atan2(*(-self.person)[::-1]))

    def look(self) -> None:
        if self.seeing:
            self.controller.observe(self.now, self.now, self.seen(self.person), [self.seen(p) for p in self.others])

    def step(self) -> Velocity | None:
        """One period of the control loop; the robot does exactly as it is told."""
        self.now += PERIOD
        if round(self.now / PERIOD) % round(self.camera_period / PERIOD) == 0:
            self.look()
        velocity = self.controller.tick(self.now)
        self.said.append((self.now, velocity))
        v = velocity or STILL
        middle = self.heading + v.yaw * PERIOD / 2
        c, s = math.cos(middle), math.sin(middle)
        self.position = self.position + PERIOD * np.array([c * v.x - s * v.y, s * v.x + c * v.y])
        self.heading = wrap(self.heading + v.yaw * PERIOD)
        return velocity

    def drive(self, move: Move, longest: float = 120.0) -> None:
        """Make a move to its end."""
        self.controller.move(move, self.now)
        end = self.now + longest
        while self.controller.moving:
            assert self.now < end, f"still {self.controller.status} after {longest} s"
            self.step()


@pytest.fixture
def floor() -> type[Floor]:
    """Makes floors: `floor(robot="differential")`."""
    return Floor


class Faces:
    """Makes looks at a face 56 pixels wide."""

    def __call__(
        self,
        yaw: float = 0.0,
        confidence: float = 0.0,
        pan: float = 0.0,
        distance: float = 2.0,
        name: str = "ann",
        margin: float = 0.1,
    ) -> FaceObservation:
        """The nose points to the right in the image by an angle, rad; all others are farther by a margin."""
        turned = HEAD @ np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
        points = (turned @ FACING.T)[:, :2] * 3 + [480, 360]
        box = np.array([452.0, 336.0, 508.0, 392.0])
        others = {other: 1 - confidence + margin for other in ("ann", "bob", "cid") if other != name}
        recognition = Recognition(name, confidence, {name: 1 - confidence, **others})
        return FaceObservation(
            Image(np.zeros((720, 960, 3), np.uint8), "rgb8"), box, points, recognition, distance, pan
        )


@pytest.fixture
def face() -> Faces:
    """Makes looks: `face(yaw, confidence, pan, distance, name, margin)`."""
    return Faces()
