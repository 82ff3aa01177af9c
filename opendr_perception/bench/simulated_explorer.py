"""A robot of the simulated world as the loop of identification sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.active.geometry import STILL, Camera, Person
from opendr_perception.active.motion import Move, Refused
from opendr_perception.active.pilot import Pilot, Status, Timeouts
from opendr_perception.active.policy import Recogniser, View
from opendr_perception.active.safety import Limits
from opendr_perception.sim.scene import HALF_WIDTH, Scene, distance, pan, seen_from, wrap
from opendr_perception.sim.world import Command, World
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_geometry import align
from opendr_perception.tasks.image import Image

FACE_SIZE = 0.135
"""m, of the detector's boxes around the simulated faces."""
SAME_DIRECTION = 0.15
"""rad; the face of the person who is looked for is not farther from where it should be."""
LONGEST = 60.0
"""Simulated seconds of a move."""


@dataclass
class Costs:
    """What an episode took.

    Args:
        looks: pictures in which faces were looked for.
        travelled: m.
        seconds: simulated, of driving.
        contacts: with people, things and walls.
        violations: of the limits of speed, acceleration and distance.
    """

    looks: int = 0
    travelled: float = 0.0
    seconds: float = 0.0
    contacts: set[str] = field(default_factory=set)
    violations: int = 0


class SimulatedExplorer:
    """Looks with the simulated camera, and drives with the pilot.

    While it drives, the person's place comes from the simulation, with noise, ten times a second: drawing and looking
    at every image would take an hour for what takes minutes.

    Args:
        world: the simulated world; its steps are those of the control loop.
        detector: of faces.
        recogniser: of faces.
        limits: of the robot.
    """

    def __init__(self, world: World, detector: FaceDetector, recogniser: Recogniser, limits: Limits) -> None:
        self._world, self._detector, self._recogniser, self._limits = world, detector, recogniser, limits
        matrix = world.camera.matrix
        self._camera = Camera(matrix[0, 0], matrix[0, 2], world.camera.width)

    def begin(self, scene: Scene, seed: int) -> None:
        """Stand in a scene; the person who counts is its first one."""
        self._world.reset(scene, render=False)
        self._random = np.random.default_rng(seed)
        self._pilot = Pilot(self._world.robot, self._limits, Timeouts(), self._camera.half_view)
        self._start = self.pan
        self._now = 0.0
        self.costs = Costs()

    @property
    def pan(self) -> float:
        """The azimuth of the robot about the person, 0 in front, rad."""
        truth = self._world.truth
        return pan(truth.robot, truth.people[0].pose)

    @property
    def turned(self) -> float:
        """How far the robot has gone around the person since it began, rad."""
        return wrap(self.pan - self._start)

    def look(self) -> View | None:
        """See explorer."""
        self.costs.looks += 1
        observation = self._world.observe()
        assert observation.image is not None
        image = Image(np.ascontiguousarray(observation.image), "rgb8")
        (faces,) = self._detector([image])
        true = self._true(0)
        found = []
        for box, landmarks in zip(faces.detections.boxes, faces.landmarks, strict=True):
            size = math.sqrt(float(np.prod(box[2:] - box[:2])))
            person = self._camera.locate(float(box[0] + box[2]) / 2, size, FACE_SIZE)
            found.append((abs(person.bearing - true.bearing), person, box, landmarks))
        error, person, box, landmarks = min(found, key=lambda item: item[0], default=(math.inf, true, None, None))
        if error > SAME_DIRECTION:
            return None
        assert box is not None
        assert landmarks is not None
        (recognition,) = self._recogniser([align(image, landmarks)])
        return View(image, box, landmarks, recognition, person.distance, self.turned)

    def move(self, move: Move) -> str:
        """See explorer."""
        self._perceive()
        try:
            self._pilot.move(move, self._now)
        except Refused as error:
            return str(error)
        end, last, tick = self._now + LONGEST, STILL, 0
        while self._pilot.moving and self._now < end:
            self._now += self._world.period
            tick += 1
            if tick % 2 == 0:
                self._perceive()
            velocity = self._pilot.tick(self._now) or STILL
            self._world.step(Command(velocity.x, velocity.y, velocity.yaw), render=False)
            change = math.hypot(velocity.x - last.x, velocity.y - last.y)
            too_fast = velocity.speed > self._limits.max_linear + 1e-6
            too_sudden = velocity != STILL and change > self._limits.max_acceleration * self._world.period + 1e-6
            self.costs.violations += too_fast or too_sudden
            self.costs.contacts |= set(self._world.truth.contacts)
            last = velocity
        for _ in range(round(0.5 / self._world.period)):  # come to rest
            self._world.step(Command(), render=False)
        self.costs.travelled = self._pilot.travelled
        self.costs.seconds = self._now
        self._pilot.halt("too long")
        return "" if self._pilot.status is Status.ARRIVED else self._pilot.reason or self._pilot.status.value

    def preview(self, turn: float) -> View | None:
        """What would be seen from elsewhere around the person; only who knows the simulation can ask that."""
        truth = self._world.truth
        person = truth.people[0].pose
        self._world.place_robot(seen_from(person, distance(truth.robot, person), self.pan + turn))
        view = self.look()
        self.costs.looks -= 1
        self._world.place_robot(truth.robot)
        return view

    def _perceive(self) -> None:
        self._pilot.scan(self._now, self._obstacles())
        people = [self._noisy(self._true(k)) for k in range(len(self._world.truth.people))]
        self._pilot.observe(self._now, self._now, people[0], people[1:])

    def _obstacles(self) -> np.ndarray:
        """What a laser scanner would see of the things in the room: (n, 2), m."""
        truth = self._world.truth
        robot, points = truth.robot, []
        for thing in truth.things:
            for across in np.linspace(-1, 1, 9) * HALF_WIDTH[thing.kind]:
                x = thing.pose.x - across * math.sin(thing.pose.yaw) - robot.x
                y = thing.pose.y + across * math.cos(thing.pose.yaw) - robot.y
                c, s = math.cos(robot.yaw), math.sin(robot.yaw)
                points.append((c * x + s * y, c * y - s * x))
        return np.array(points, np.float64).reshape(-1, 2)

    def _true(self, number: int) -> Person:
        truth = self._world.truth
        robot, place = truth.robot, truth.people[number].pose
        bearing = math.atan2(place.y - robot.y, place.x - robot.x) - robot.yaw
        return Person(distance(robot, place), wrap(bearing))

    def _noisy(self, person: Person) -> Person:
        return Person(
            person.distance * float(self._random.normal(1, 0.05)), person.bearing + float(self._random.normal(0, 0.005))
        )
