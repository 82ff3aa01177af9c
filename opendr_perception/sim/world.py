"""The simulated world: people, things, and a robot with a camera. Free of ROS; one thread at a time.

world = World(robot="holonomic")
seen = world.reset(facing("person_01", 2.0, math.radians(40)))
seen = world.step(Command(left=-0.2))
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np
import numpy.typing as npt

from opendr_perception.sim import model as shapes
from opendr_perception.sim.people import PersonModel, load_people
from opendr_perception.sim.rendering import load_mujoco
from opendr_perception.sim.robot import Command, Drive, DriveLimits, SimulatedCamera
from opendr_perception.sim.scene import Pose, Scene, Standing, Thing, distance, draw_scene, wrap


@dataclass(frozen=True)
class SensorReading:
    """Sensor readings of the robot."""

    time: float
    """s since the reset."""
    image: npt.NDArray[np.uint8] | None
    """(H, W, 3) RGB; None where it was not asked for."""
    matrix: npt.NDArray[np.float64]
    """Camera matrix, (3, 3)."""
    robot: Pose
    velocity: Command


@dataclass(frozen=True)
class Truth:
    """Ground truth, which the robot cannot know."""

    robot: Pose
    people: tuple[Standing, ...]
    things: tuple[Thing, ...]
    contacts: tuple[str, ...]
    """Names of the people, things and walls that the robot touches."""
    nearest: float
    """Clearance to the nearest person, m: from the rim of the robot to that of the person; inf without people."""


class World:
    """A simulated world, which `reset` fills with a scene.

    Args:
        robot: `holonomic` or `differential`.
        camera: The robot's.
        limits: Of its motors.
        rate: Steps per second; each gives one image.
        people: Who can be in a scene; fewer are quicker. By default all that come with the package.

    Raises:
        SimulatorError: MuJoCo is not installed or cannot draw; the text says what to do.
        ValueError: an argument is not allowed.
    """

    def __init__(
        self,
        robot: str = "holonomic",
        camera: SimulatedCamera | None = None,
        limits: DriveLimits | None = None,
        rate: float = 10.0,
        people: Sequence[PersonModel] | None = None,
    ) -> None:
        self._drive = Drive(robot, limits or DriveLimits())
        if not 1 <= rate <= 1 / shapes.TIMESTEP:
            raise ValueError(f"rate must be in [1, {1 / shapes.TIMESTEP:g}] Hz, got {rate}")
        self.robot = robot
        self.camera = camera or SimulatedCamera()
        self.people = {person.name: person for person in (load_people() if people is None else people)}
        self._mujoco = load_mujoco()
        vertical = 2 * math.atan(self.camera.height / 2 / self.camera.focal)
        self._model = shapes.build(
            self._mujoco, tuple(self.people.values()), self.camera.above, vertical, self.camera.samples
        )
        self._data = self._mujoco.MjData(self._model)
        self._renderer = self._mujoco.Renderer(self._model, self.camera.height, self.camera.width)
        self._free = weakref.finalize(self, self._renderer.close)  # at exit too, before OpenGL goes
        self._options = self._mujoco.MjvOption()
        self._substeps = max(1, round(1 / rate / shapes.TIMESTEP))
        self._geoms = self._shapes_of_bodies()
        self._base = int(self._model.geom("base").id)
        self.reset(Scene())

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free what draws."""
        self._free()

    @property
    def period(self) -> float:
        """s between two steps."""
        return self._substeps * shapes.TIMESTEP

    # --- running ----------------------------------------------------------------------------------------------------

    def reset(self, scene: Scene | str = "single", seed: int = 0, render: bool = True) -> SensorReading:
        """Begin anew with a scene.

        Args:
            scene: A scene, or the name of one to draw.
            seed: Of a drawn scene.
            render: Also take an image.

        Raises:
            ValueError: the scene has people or things that this world does not have.
        """
        if isinstance(scene, str):
            scene = draw_scene(scene, tuple(self.people), seed)
        self._check(scene)
        self.scene = scene
        self._mujoco.mj_resetData(self._model, self._data)
        self._bodies: dict[str, str] = {}  # names of bodies in the scene, and what they are in it
        for name in shapes.WALLS:
            self._bodies[name] = name
        self._place_walls()
        self._light()
        for body in self._geoms:
            self._show(body, False)
            self._move(body, *shapes.AWAY, 0.0)
        self._people = list(scene.people)
        for standing in scene.people:
            self._place_person(standing)
        for kind, thing in enumerate(scene.things):
            number = sum(other.kind == thing.kind for other in scene.things[:kind])
            body = f"{thing.kind}_{number}"
            self._bodies[body] = body
            self._show(body, True)
            self._move(body, thing.pose.x, thing.pose.y, thing.lift, thing.pose.yaw)
        self.place_robot(scene.robot)
        return self.observe(render)

    def step(self, command: Command | None = None, render: bool = True) -> SensorReading:
        """Drive for one period.

        Args:
            command: None when none has come; the last one counts until the dead-man stops the robot.
            render: Also take an image.
        """
        if command is not None:
            self._drive.follow(command)
        for _ in range(self._substeps):
            velocity = self._drive.advance(shapes.TIMESTEP)
            self._data.ctrl[:2] = _rotate(velocity.forward, velocity.left, float(self._data.qpos[2]))
            self._data.ctrl[2] = velocity.turn
            self._mujoco.mj_step(self._model, self._data)
        return self.observe(render)

    def observe(self, render: bool = True) -> SensorReading:
        """Read the robot's sensors."""
        robot = self._robot_pose()
        ahead, left = _rotate(self._data.qvel[0], self._data.qvel[1], -robot.yaw)
        velocity = Command(ahead, left, float(self._data.qvel[2]))
        return SensorReading(
            float(self._data.time), self._draw() if render else None, self.camera.matrix, robot, velocity
        )

    @property
    def truth(self) -> Truth:
        """Ground truth of all positions and contacts."""
        robot = self._robot_pose()
        rims = shapes.ROBOT_RADIUS + shapes.PERSON_RADIUS
        nearest = min((distance(robot, standing.pose) - rims for standing in self._people), default=math.inf)
        return Truth(robot, tuple(self._people), self.scene.things, self._contacts(), nearest)

    def depth(self) -> npt.NDArray[np.float32]:
        """The depth image of the robot's camera now, (H, W), m along the camera's axis."""
        self._renderer.enable_depth_rendering()
        self._renderer.update_scene(self._data, "camera", self._options)
        seen = self._renderer.render().copy()
        self._renderer.disable_depth_rendering()
        return np.asarray(seen, np.float32)

    def overview(self, width: int, height: int, metres: float) -> npt.NDArray[np.uint8]:
        """The room from above, without its ceiling.

        Args:
            width: Of the image, pixels.
            height: Of the image, pixels.
            metres: From the left edge of the image to the right one; the origin is in the middle.

        Returns:
            (height, width, 3) RGB; x points to the right and y up.
        """
        camera = self._mujoco.MjvCamera()
        camera.lookat[:], camera.distance, camera.azimuth, camera.elevation = 0.0, 10.0, 90.0, -90.0
        look = self._model.vis.global_
        before = look.orthographic, look.fovy
        look.orthographic, look.fovy = 1, metres * height / width  # then it is a length
        self._model.geom("ceiling").group = shapes.HIDDEN
        renderer = self._mujoco.Renderer(self._model, height, width)
        try:
            renderer.update_scene(self._data, camera, self._options)
            return np.asarray(renderer.render().copy())
        finally:
            renderer.close()
            look.orthographic, look.fovy = before
            self._model.geom("ceiling").group = shapes.SHOWN

    # --- changing ---------------------------------------------------------------------------------------------------

    def place_robot(self, pose: Pose) -> None:
        """Put the robot somewhere, standing still."""
        self._data.qpos[:] = pose.x, pose.y, pose.yaw
        self._data.qvel[:] = 0.0
        self._drive.stop()
        self._mujoco.mj_forward(self._model, self._data)

    def place_person(self, name: str, pose: Pose) -> None:
        """Let somebody of the scene stand elsewhere or turn."""
        number = self._find(name)
        self._people[number] = replace(self._people[number], pose=pose)
        self._place_person(self._people[number])
        self._mujoco.mj_forward(self._model, self._data)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _check(self, scene: Scene) -> None:
        names = [standing.name for standing in scene.people]
        unknown = sorted(set(names) - set(self.people))
        if unknown or len(set(names)) != len(names):
            raise ValueError(
                f"each person must be one of {', '.join(self.people)}, and only once: got {', '.join(names)}"
            )
        kinds = [thing.kind for thing in scene.things] + [person.held for person in scene.people if person.held]
        for kind in kinds:
            if kind not in (*shapes.THINGS, *shapes.HELD) or kinds.count(kind) > shapes.COPIES:
                raise ValueError(
                    f"a scene has at most {shapes.COPIES} things of one known kind, got {', '.join(kinds)}"
                )

    def _shapes_of_bodies(self) -> dict[str, list[int]]:
        """The shapes of each body that scenes move, by its name."""
        model = self._model
        fixed = {"world", "robot", *shapes.WALLS}
        names = {body: model.body(body).name for body in range(model.nbody)}
        found: dict[str, list[int]] = {name: [] for name in names.values() if name not in fixed}
        for geom in range(model.ngeom):
            name = names[int(model.geom_bodyid[geom])]
            if name in found and model.geom_rgba[geom, 3] > 0:
                found[name].append(geom)
        return found

    def _show(self, body: str, shown: bool) -> None:
        self._model.geom_group[self._geoms[body]] = shapes.SHOWN if shown else shapes.HIDDEN

    def _move(self, body: str, x: float, y: float, z: float, yaw: float) -> None:
        mocap = int(self._model.body(body).mocapid[0])
        self._data.mocap_pos[mocap] = x, y, z
        self._data.mocap_quat[mocap] = math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)

    def _place_person(self, standing: Standing) -> None:
        pose = standing.pose
        self._bodies[standing.name] = standing.name
        self._show(standing.name, True)
        self._move(standing.name, pose.x, pose.y, 0.0, pose.yaw)
        if standing.held:
            earlier = self._people[: self._people.index(standing)]
            body = f"{standing.held}_{sum(other.held == standing.held for other in earlier)}"
            ahead, aside, up = self.people[standing.name].mouth
            x, y = _rotate(ahead, aside, pose.yaw)
            self._bodies[body] = standing.name
            self._show(body, True)
            self._move(body, pose.x + x, pose.y + y, up, pose.yaw)

    def _place_walls(self) -> None:
        room = self.scene.room
        x, y, z = room.length / 2 + 0.1, room.width / 2 + 0.1, shapes.WALL_HEIGHT / 2
        places = {"front": (x, 0, 0), "back": (-x, 0, 0), "left": (0, y, math.pi / 2), "right": (0, -y, math.pi / 2)}
        for name, (along, across, yaw) in places.items():
            self._move(name, along, across, z, yaw)
            self._model.geom(name).rgba[:3] = room.wall
        self._model.geom("floor").rgba[:3] = room.floor

    def _light(self) -> None:
        """One lamp, and a weak one from the other side, so that shadows are not black."""
        light = self.scene.light
        flat = math.cos(light.elevation)
        towards = np.array(
            [-flat * math.cos(light.azimuth), -flat * math.sin(light.azimuth), -math.sin(light.elevation)]
        )
        for name, direction, strength in (("lamp", towards, 1.0), ("fill", towards * [-1, -1, 1], 0.25)):
            self._model.light(name).dir[:] = direction
            self._model.light(name).diffuse[:] = light.strength * strength
        self._model.vis.headlight.ambient[:] = light.ambient

    def _robot_pose(self) -> Pose:
        x, y, yaw = (float(value) for value in self._data.qpos)
        return Pose(x, y, wrap(yaw))

    def _contacts(self) -> tuple[str, ...]:
        contacts = self._data.contact
        touching = contacts.geom[contacts.dist <= 0]
        touched = {name for pair in touching.tolist() if self._base in pair for name in map(self._owner, pair)}
        return tuple(sorted(self._bodies.get(name, name) for name in touched - {"robot"}))

    def _owner(self, geom: int) -> str:
        return str(self._model.body(self._model.geom_bodyid[geom]).name)

    def _find(self, name: str) -> int:
        for number, standing in enumerate(self._people):
            if standing.name == name:
                return number
        raise ValueError(f"{name} is not in this scene")

    def _draw(self) -> npt.NDArray[np.uint8]:
        self._renderer.update_scene(self._data, "camera", self._options)
        return np.asarray(self._renderer.render().copy())


def _rotate(x: float, y: float, angle: float) -> tuple[float, float]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return float(x * cosine - y * sine), float(x * sine + y * cosine)
