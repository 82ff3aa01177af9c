"""The simulated world: people, things, and a robot with a camera. Free of ROS; one thread at a time.

world = World(robot="holonomic")
seen = world.reset(facing("person_01", 2.0, math.radians(40)))
seen = world.step(Command(left=-0.2))
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import numpy.typing as npt

from opendr_perception.sim import model as shapes
from opendr_perception.sim.life import Life
from opendr_perception.sim.people import PersonModel, load_people
from opendr_perception.sim.rendering import load_mujoco
from opendr_perception.sim.robot import FREE, Command, Drive, DriveLimits, SimulatedCamera, SimulatedHead
from opendr_perception.sim.scene import Pose, Scene, Standing, Thing, distance, draw_scene, wrap
from opendr_perception.sim.stage import StageSet, quaternion, rotated

CAMERA_AXES = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Right, up and back of a camera that looks ahead, in the axes of a robot."""


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
    head: tuple[float, float] = (0.0, 0.0)
    """rad, pan to the left and tilt downwards."""


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
        robot: `holonomic`, `differential`, or `free`, which also goes up and down.
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
        self._drive, self._head = Drive(robot, limits or DriveLimits()), SimulatedHead()
        if not 1 <= rate <= 1 / shapes.TIMESTEP:
            raise ValueError(f"rate must be in [1, {1 / shapes.TIMESTEP:g}] Hz, got {rate}")
        self.robot = robot
        self.camera = camera or SimulatedCamera()
        self.people = {person.name: person for person in (load_people() if people is None else people)}
        self._mujoco = load_mujoco()
        vertical = 2 * math.atan(self.camera.height / 2 / self.camera.focal)
        self._model = shapes.build(
            self._mujoco, tuple(self.people.values()), self.camera.above, vertical, self.camera.samples, robot == FREE
        )
        self._data = self._mujoco.MjData(self._model)
        self._renderer = self._mujoco.Renderer(self._model, self.camera.height, self.camera.width)
        self._free = weakref.finalize(self, self._renderer.close)  # at exit too, before OpenGL goes
        self._options = self._mujoco.MjvOption()
        self._life: Life | None = None
        self._substeps = max(1, round(1 / rate / shapes.TIMESTEP))
        self._stage = StageSet(self._model, self._data, self.people)
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
        self._stage.check(scene)
        self.scene, self._head, self._life = scene, SimulatedHead(), None
        self._aim_camera()
        self._mujoco.mj_resetData(self._model, self._data)
        self._stage.set(scene)
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
        if self._life is not None:
            self._life.step(self.period, self._robot_pose(), self._stage.move_person)
        for _ in range(self._substeps):
            velocity = self._drive.advance(shapes.TIMESTEP)
            self._data.ctrl[:2] = rotated(velocity.forward, velocity.left, float(self._data.qpos[2]))
            self._data.ctrl[2:] = (velocity.turn, velocity.up)[: self._model.nu - 2]
            self._head.advance(shapes.TIMESTEP)
            self._aim_camera()
            self._mujoco.mj_step(self._model, self._data)
        return self.observe(render)

    def observe(self, render: bool = True) -> SensorReading:
        """Read the robot's sensors."""
        robot = self._robot_pose()
        ahead, left = rotated(self._data.qvel[0], self._data.qvel[1], -robot.yaw)
        turn, *up = self._data.qvel[2:].tolist()
        velocity = Command(ahead, left, turn, *up)
        return SensorReading(
            float(self._data.time),
            self._draw() if render else None,
            self.camera.matrix,
            robot,
            velocity,
            (self._head.pan, self._head.tilt),
        )

    @property
    def truth(self) -> Truth:
        """Ground truth of all positions and contacts."""
        robot = self._robot_pose()
        rims = shapes.ROBOT_RADIUS + shapes.PERSON_RADIUS
        nearest = min((distance(robot, standing.pose) - rims for standing in self._stage.people), default=math.inf)
        return Truth(robot, tuple(self._stage.people), self.scene.things, self._stage.contacts(), nearest)

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

    def turn_head(self, pan: float, tilt: float) -> None:
        """Let the head that carries the camera go to positions, rad: pan to the left, tilt downwards.

        Raises:
            ValueError: they are not finite.
        """
        self._head.follow(pan, tilt)

    # --- changing ---------------------------------------------------------------------------------------------------

    def place_robot(self, pose: Pose) -> None:
        """Put the robot somewhere, standing still."""
        self._data.qpos[:] = (pose.x, pose.y, pose.yaw, pose.z)[: self._model.nq]
        self._data.qvel[:] = 0.0
        self._drive.stop()
        self._mujoco.mj_forward(self._model, self._data)

    def enliven(self, life: Life | None) -> None:
        """Let the people of the scene do something from now on, in each step; a reset ends that."""
        self._life = life

    def place_person(self, name: str, pose: Pose, looks: str = "") -> None:
        """Let somebody of the scene be elsewhere, turn, or take a posture that this world's people have."""
        self._stage.move_person(name, pose, looks)
        self._mujoco.mj_forward(self._model, self._data)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _robot_pose(self) -> Pose:
        x, y, yaw, *z = self._data.qpos.tolist()
        return Pose(x, y, wrap(yaw), *z)

    def _aim_camera(self) -> None:
        """The camera sits before the axis about which the head pans, as it does on most robots."""
        number, turned = self._model.camera("camera").id, self._head.rotation
        self._model.cam_quat[number] = quaternion(turned @ CAMERA_AXES)
        x, y = rotated(shapes.CAMERA_AHEAD, 0.0, self._head.pan)
        self._model.cam_pos[number] = x, y, self.camera.above

    def _draw(self) -> npt.NDArray[np.uint8]:
        self._renderer.update_scene(self._data, "camera", self._options)
        return np.asarray(self._renderer.render().copy())
