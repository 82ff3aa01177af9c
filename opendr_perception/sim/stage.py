"""Placing of people, things, walls and lamps in the simulated world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from opendr_perception.sim import model as shapes
from opendr_perception.sim.people import PersonModel
from opendr_perception.sim.postures import body_name
from opendr_perception.sim.scene import Light, Pose, Room, Scene, Standing

if TYPE_CHECKING:
    from mujoco import MjData, MjModel


class StageSet:
    """The bodies of a model, of which `set` shows those of a scene.

    Args:
        model: From `model.build`.
        data: Its state.
        people: Who can be in a scene, by name.
    """

    def __init__(self, model: MjModel, data: MjData, people: Mapping[str, PersonModel]) -> None:
        self._model, self._data, self._models = model, data, people
        self._geoms = self._shapes_of_bodies()
        self._base = int(model.geom("base").id)
        self._bodies: dict[str, str] = {}  # names of bodies in the scene, and what they are in it
        self.people: list[Standing] = []
        """Those of the scene, where they are now."""

    def check(self, scene: Scene) -> None:
        """Check that a scene can be shown.

        Raises:
            ValueError: it has people or things that are not there.
        """
        names = [standing.name for standing in scene.people]
        bodies = {body_name(standing.name, standing.looks) for standing in scene.people}
        unknown = sorted((bodies | set(names)) - set(self._models))
        if unknown or len(set(names)) != len(names):
            raise ValueError(
                f"each person must be one of {', '.join(self._models)}, and only once: got {', '.join(names)}"
            )
        kinds = [thing.kind for thing in scene.things] + [person.held for person in scene.people if person.held]
        for kind in kinds:
            if kind not in (*shapes.THINGS, *shapes.HELD) or kinds.count(kind) > shapes.COPIES:
                raise ValueError(
                    f"a scene has at most {shapes.COPIES} things of one known kind, got {', '.join(kinds)}"
                )

    def set(self, scene: Scene) -> None:
        """Show what is in a scene, which was checked, and nothing else."""
        self._bodies = {name: name for name in shapes.WALLS}
        self._place_walls(scene.room)
        self._light(scene.light)
        for body in self._geoms:
            self._show(body, False)
            self._move(body, *shapes.AWAY, 0.0)
        self.people = list(scene.people)
        for standing in scene.people:
            self._place_person(standing)
        for kind, thing in enumerate(scene.things):
            number = sum(other.kind == thing.kind for other in scene.things[:kind])
            body = f"{thing.kind}_{number}"
            self._bodies[body] = body
            self._show(body, True)
            self._move(body, thing.pose.x, thing.pose.y, thing.lift, thing.pose.yaw)

    def move_person(self, name: str, pose: Pose, looks: str = "") -> None:
        """Let somebody of the scene be elsewhere, turn, or take a posture.

        Raises:
            ValueError: they are not in the scene, or not in that posture in this world.
        """
        number = self._find(name)
        before = self.people[number]
        body = body_name(name, looks)
        if body not in self._geoms:
            raise ValueError(f"this world has nobody '{body}'; make it with `with_postures`")
        if before.looks != looks:
            self._show(body_name(name, before.looks), False)
            self._move(body_name(name, before.looks), *shapes.AWAY, 0.0)
        self.people[number] = replace(before, pose=pose, looks=looks)
        self._place_person(self.people[number])

    def contacts(self) -> tuple[str, ...]:
        """Names of the people, things and walls that the robot touches."""
        contacts = self._data.contact
        touching = contacts.geom[contacts.dist <= 0]
        touched = {name for pair in touching.tolist() if self._base in pair for name in map(self._owner, pair)}
        return tuple(sorted(self._bodies.get(name, name) for name in touched - {"robot"}))

    # --- inside -----------------------------------------------------------------------------------------------------

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
        name = body_name(standing.name, standing.looks)
        self._bodies[name] = standing.name
        self._show(name, True)
        self._move(name, pose.x, pose.y, 0.0, pose.yaw)
        if standing.held:
            earlier = self.people[: self.people.index(standing)]
            body = f"{standing.held}_{sum(other.held == standing.held for other in earlier)}"
            ahead, aside, up = self._models[name].mouth
            x, y = rotated(ahead, aside, pose.yaw)
            self._bodies[body] = standing.name
            self._show(body, True)
            self._move(body, pose.x + x, pose.y + y, up, pose.yaw)

    def _place_walls(self, room: Room) -> None:
        x, y, z = room.length / 2 + 0.1, room.width / 2 + 0.1, shapes.WALL_HEIGHT / 2
        places = {"front": (x, 0, 0), "back": (-x, 0, 0), "left": (0, y, math.pi / 2), "right": (0, -y, math.pi / 2)}
        for name, (along, across, yaw) in places.items():
            self._move(name, along, across, z, yaw)
            self._model.geom(name).rgba[:3] = room.wall
        self._model.geom("floor").rgba[:3] = room.floor

    def _light(self, light: Light) -> None:
        """One lamp, and a weak one from the other side, so that shadows are not black."""
        flat = math.cos(light.elevation)
        towards = np.array(
            [-flat * math.cos(light.azimuth), -flat * math.sin(light.azimuth), -math.sin(light.elevation)]
        )
        for name, direction, strength in (("lamp", towards, 1.0), ("fill", towards * [-1, -1, 1], 0.25)):
            self._model.light(name).dir[:] = direction
            self._model.light(name).diffuse[:] = light.strength * strength
        self._model.vis.headlight.ambient[:] = light.ambient

    def _owner(self, geom: int) -> str:
        return str(self._model.body(self._model.geom_bodyid[geom]).name)

    def _find(self, name: str) -> int:
        for number, standing in enumerate(self.people):
            if standing.name == name:
                return number
        raise ValueError(f"{name} is not in this scene")


def rotated(x: float, y: float, angle: float) -> tuple[float, float]:
    """A vector turned counter-clockwise, angle in rad."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return float(x * cosine - y * sine), float(x * sine + y * cosine)


def quaternion(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The quaternion w, x, y, z of a rotation matrix (3, 3)."""
    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return np.array([w, x, y, z])
