"""A robot of the simulated world as the loop of identification sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.active.control import (
    FREE,
    FlightController,
    Limits,
    MotionController,
    Move,
    Refused,
    Status,
    Timeouts,
)
from opendr_perception.active.perception import FaceObservation, RangeOnly, Recogniser
from opendr_perception.active.surroundings import STILL, Locator, PersonPosition, looking_ahead
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.scene import HALF_DEPTH, HALF_WIDTH, Scene, distance, pan, seen_from, wrap
from opendr_perception.sim.world import Command, Truth, World
from opendr_perception.tasks.face import FaceDetector, Faces, align
from opendr_perception.tasks.imaging import Image, PinholeCamera

FACE_SIZE = 0.135
"""m, of the detector's boxes around the simulated faces."""
SAME_DIRECTION = 0.15
"""rad; the face of the person who is looked for is not farther from where it should be."""
ALONG = np.linspace(-1, 1, 9)
OUTLINE = np.concatenate(
    [np.column_stack(side) for e in (-np.ones(9), np.ones(9)) for side in ((e, ALONG), (ALONG, e))]
)
"""Points (36, 2) around a thing, x and y from -1 to 1."""
LONGEST = 60.0
"""Simulated seconds of a move."""


@dataclass
class EpisodeCosts:
    """Costs of an episode.

    Args:
        looks: images in which faces were looked for.
        travelled: m.
        seconds: simulated, of driving.
        contacts: with people, things and walls.
        violations: of the limits of speed, acceleration and distance.
        closest: smallest gap between the rims of the robot and of a person while the robot moves, m.
    """

    looks: int = 0
    travelled: float = 0.0
    seconds: float = 0.0
    contacts: set[str] = field(default_factory=set)
    violations: int = 0
    closest: float = math.inf


class SimulatedExplorer:
    """Looks with the simulated camera, and drives with the controller.

    While it drives, and when no face is found, the person's place comes from the simulation, with noise: drawing and
    looking at every image would take an hour for what takes minutes. What is seen from one place of one scene is kept,
    for all policies that look from there.

    Args:
        world: the simulated world; its steps are those of the control loop.
        detector: of faces.
        recogniser: of faces.
        limits: of the robot.
    """

    def __init__(self, world: World, detector: FaceDetector, recogniser: Recogniser, limits: Limits) -> None:
        self._world, self._detector, self._recogniser, self._limits = world, detector, recogniser, limits
        seen = world.camera
        camera = PinholeCamera(seen.matrix, seen.width, seen.height, np.zeros(5))
        self._locator = Locator(camera, looking_ahead(CAMERA_AHEAD), FACE_SIZE)
        self._scene = Scene()
        self._seen: dict[tuple[float, ...], tuple[Image, Faces]] = {}

    def begin(self, scene: Scene, seed: int) -> None:
        """Stand in a scene; the person who counts is its first one."""
        self._world.reset(scene, render=False)
        if scene != self._scene:
            self._scene, self._seen = scene, {}
        self._random = np.random.default_rng(seed)
        self._controller: MotionController = (
            FlightController(self._limits, Timeouts(), self._locator.half_view)
            if self._world.robot == FREE
            else MotionController(self._world.robot, self._limits, Timeouts(), self._locator.half_view)
        )
        self._start = self.pan
        self._now = 0.0
        self.costs = EpisodeCosts()

    @property
    def pan(self) -> float:
        """The azimuth of the robot about the person, 0 in front, rad."""
        truth = self._world.truth
        return pan(truth.robot, truth.people[0].pose)

    @property
    def travelled(self) -> float:
        """See Explorer."""
        return self._controller.travelled

    @property
    def turned(self) -> float:
        """Angle that the robot has gone around the person since it began, rad."""
        return wrap(self.pan - self._start)

    def look(self) -> FaceObservation | RangeOnly:
        """Look, as `Explorer` says."""
        self.costs.looks += 1
        image, faces = self._image()
        true = self._true(0)
        for box, landmarks, score in zip(faces.detections.boxes, faces.landmarks, faces.detections.scores, strict=True):
            person = self._locator.face(box)
            if abs(person.bearing - true.bearing) <= SAME_DIRECTION:  # the first is the best
                (recognition,) = self._recogniser([align(image, landmarks)])
                return FaceObservation(image, box, landmarks, recognition, person.distance, self.turned, float(score))
        return RangeOnly(self._noisy(true).distance, self.turned)

    def _image(self) -> tuple[Image, Faces]:
        """Image of the camera, and the faces in it."""
        robot = self._world.truth.robot
        place = (round(robot.x, 3), round(robot.y, 3), round(robot.yaw, 3), round(robot.z, 3))
        if place not in self._seen:
            pixels = self._world.observe().image
            assert pixels is not None
            image = Image(np.ascontiguousarray(pixels), "rgb8")
            self._seen[place] = image, self._detector([image])[0]
        return self._seen[place]

    def free(self, move: Move) -> bool:
        """See Explorer."""
        self._perceive()
        return self._controller.free(move)

    def move(self, move: Move, within: float = math.inf) -> str:
        """Move, as `Explorer` says."""
        self._perceive()
        try:
            self._controller.move(move, self._now, within)
        except Refused as error:
            return str(error)
        end, last, tick = self._now + LONGEST, STILL, 0
        while self._controller.moving and self._now < end:
            self._now += self._world.period
            tick += 1
            if tick % 2 == 0:
                self._perceive()
            velocity = self._controller.tick(self._now) or STILL
            self._world.step(Command(velocity.x, velocity.y, velocity.yaw, velocity.z), render=False)
            change = math.hypot(velocity.x - last.x, velocity.y - last.y, velocity.z - last.z)
            too_fast = velocity.speed > self._limits.max_linear + 1e-6
            too_sudden = velocity != STILL and change > self._limits.max_acceleration * self._world.period + 1e-6
            self.costs.violations += too_fast or too_sudden
            truth = self._world.truth
            self.costs.contacts |= set(truth.contacts)
            if velocity != STILL:
                self.costs.closest = min(self.costs.closest, truth.nearest)
            last = velocity
        for _ in range(round(0.5 / self._world.period)):  # come to rest
            self._world.step(Command(), render=False)
        self.costs.travelled = self._controller.travelled
        self.costs.seconds = self._now
        self._controller.halt("too long")
        return (
            ""
            if self._controller.status is Status.ARRIVED
            else self._controller.reason or self._controller.status.value
        )

    def preview(self, advance: float, turn: float) -> FaceObservation | None:
        """Render the view from nearer and from elsewhere; only possible in simulation."""
        truth, costs = self._world.truth, self.costs
        person = truth.people[0].pose
        self._world.place_robot(seen_from(person, distance(truth.robot, person) - advance, self.pan + turn))
        self.costs = EpisodeCosts()
        seen = self.look()
        self._world.place_robot(truth.robot)
        self.costs = costs
        return seen if isinstance(seen, FaceObservation) else None

    def _perceive(self) -> None:
        if isinstance(self._controller, FlightController):
            self._controller.climbed(self._now, self._world.truth.robot.z)
        self._controller.scan(self._now, outlines(self._world.truth))
        people = [self._noisy(self._true(k)) for k in range(len(self._world.truth.people))]
        self._controller.observe(self._now, self._now, people[0], people[1:])

    def _true(self, number: int) -> PersonPosition:
        truth = self._world.truth
        robot, place = truth.robot, truth.people[number].pose
        bearing = math.atan2(place.y - robot.y, place.x - robot.x) - robot.yaw
        return PersonPosition(distance(robot, place), wrap(bearing))

    def _noisy(self, person: PersonPosition) -> PersonPosition:
        return PersonPosition(
            person.distance * float(self._random.normal(1, 0.05)), person.bearing + float(self._random.normal(0, 0.005))
        )


def outlines(truth: Truth) -> np.ndarray:
    """Points (n, 2) that a laser scanner would see of the things in the room, in the robot's frame, m."""
    robot = truth.robot
    points: list[np.ndarray] = [np.zeros((0, 2))]
    for thing in truth.things:
        outline = OUTLINE * [HALF_DEPTH[thing.kind], HALF_WIDTH[thing.kind]]
        place = np.array([thing.pose.x - robot.x, thing.pose.y - robot.y])
        points.append(_turned(outline, thing.pose.yaw) + place)
    return _turned(np.concatenate(points), -robot.yaw)


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([[c, s], [-s, c]]))
