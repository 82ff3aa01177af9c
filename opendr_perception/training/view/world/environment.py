"""The simulated world with its people as an environment of gymnasium, by images and velocities.

    import gymnasium
    env = gymnasium.make("opendr_perception.training.view.world:opendr_perception/People-v0")

`config=WorldConfig(...)` gives it other settings.
"""

from __future__ import annotations

import math

import gymnasium
import numpy as np

from opendr_perception.sim.life import Life
from opendr_perception.sim.people import load_people
from opendr_perception.sim.postures import with_postures
from opendr_perception.sim.robot import Command, SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Light, Pose, Scene, Standing, distance, pan, seen_from, wrap
from opendr_perception.sim.world import SensorReading, World
from opendr_perception.training.view.world.config import WorldConfig, default_config

ID = "opendr_perception/People-v0"
FACE = 0.15
"""m, of a face."""
ROOM = ROOMS["hall"]
APART = 1.2
"""m between people when it begins."""


class PeopleEnvironment(gymnasium.Env[np.ndarray, np.ndarray]):
    """A robot that shall see the face of one person well, among others.

    Observations are images (H, W, 3) uint8 RGB; actions are three numbers in [-1, 1]: velocities forwards, to the left
    and counter-clockwise, in parts of those of the settings. The reward is by how much the person's face comes to be
    seen better, less what the way costs; how well, from 0 to 1, is `info["seen"]`.

    Args:
        config: the settings.
        render_mode: None, or rgb_array for the image that the robot sees.

    Raises:
        sim.rendering.SimulatorError: MuJoCo is not installed or cannot draw.
    """

    metadata: dict[str, object] = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012 - as gymnasium has it

    def __init__(self, config: WorldConfig | None = None, render_mode: str | None = None) -> None:
        self.config = config or default_config()
        self.render_mode = render_mode
        settings = self.config
        self.observation_space = gymnasium.spaces.Box(0, 255, (settings.height, settings.width, 3), np.uint8)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (3,), np.float32)
        camera = SimulatedCamera(settings.width, settings.height, settings.field_of_view, settings.camera_height)
        people = load_people()[: settings.people]
        self._heights = {person.name: person.eyes[2] for person in people}
        cast = with_postures(people) if settings.moving else people
        self._world = World(settings.robot, camera, rate=settings.rate, people=cast)
        self._image: np.ndarray = np.zeros((settings.height, settings.width, 3), np.uint8)
        self._steps, self._seen = 0, 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, object] | None = None
    ) -> tuple[np.ndarray, dict[str, object]]:
        """Begin with people at other places."""
        super().reset(seed=seed)
        scene = self._draw()
        reading = self._world.reset(scene)
        if self.config.moving:
            self._world.enliven(Life(scene.people, scene.room, seed=int(self.np_random.integers(2**31)), still=1))
        self._steps, self._seen = 0, self.seen
        return self._observation(reading), {"seen": self._seen}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, object]]:
        """Drive for a period."""
        settings = self.config
        forward, left, turn = np.clip(np.asarray(action, np.float64), -1.0, 1.0).tolist()
        before = self._world.truth.robot
        reading = self._world.step(Command(settings.speed * forward, settings.speed * left, settings.turn * turn))
        self._steps += 1
        seen, self._seen = self._seen, self.seen
        touched = bool(self._world.truth.contacts)
        reward = self._seen - seen - settings.metre * distance(before, reading.robot) - settings.contact * touched
        over = self._steps >= settings.seconds * settings.rate
        return self._observation(reading), float(reward), touched, over, {"seen": self._seen}

    @property
    def seen(self) -> float:
        """Degree to which the person's face is seen: from the front, in view and large enough 1, from behind 0."""
        truth, camera = self._world.truth, self._world.camera
        robot, person = truth.robot, truth.people[0].pose
        away = max(distance(robot, person), 0.1)
        bearing = abs(wrap(math.atan2(person.y - robot.y, person.x - robot.x) - robot.yaw))
        if bearing > camera.field_of_view / 2:
            return 0.0
        size = camera.focal * FACE / away
        return max(math.cos(pan(robot, person)), 0.0) * min(size / self.config.wanted_face, 1.0)

    def render(self) -> np.ndarray | None:
        """The image that the robot sees."""
        return self._image if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free what draws."""
        self._world.close()

    def _observation(self, reading: SensorReading) -> np.ndarray:
        assert reading.image is not None
        self._image = reading.image
        return self._image

    def _draw(self) -> Scene:
        random, settings = self.np_random, self.config
        names = [str(name) for name in random.permutation(list(self._heights))]
        first = Pose(0.0, 0.0, float(random.uniform(-math.pi, math.pi)))
        away = float(random.uniform(settings.nearest, settings.farthest))
        robot = seen_from(first, away, float(random.uniform(-settings.pan, settings.pan)))
        people = [Standing(names[0], first)]
        while len(people) < len(names):
            x, y, yaw = (float(random.uniform(-end, end)) for end in (5.0, 5.0, math.pi))
            pose = Pose(x, y, yaw)
            if min(distance(pose, other) for other in (robot, *(one.pose for one in people))) > APART:
                people.append(Standing(names[len(people)], pose))
        light = Light(float(random.uniform(-math.pi, math.pi)), float(random.uniform(0.5, 1.3)))
        return Scene(tuple(people), robot, (), ROOM, light)


if ID not in gymnasium.registry:
    gymnasium.register(ID, "opendr_perception.training.view.world.environment:PeopleEnvironment")
