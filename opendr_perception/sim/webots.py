"""The same people in a world for Webots: python -m opendr_perception.sim.webots FOLDER

Writes `people.wbt` with the meshes (.obj) and textures (.png) that it refers to. Webots itself is not needed for that.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.files import write_text
from opendr_perception.sim.model import CAMERA_AHEAD, PERSON_RADIUS, ROBOT_RADIUS, WALL_HEIGHT
from opendr_perception.sim.people import MeshPart, PersonModel, load_people
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Pose, Room

WORLD = "people.wbt"
RELEASE = "R2023b"
"""Of Webots, the oldest that can read the world."""


def export(folder: Path, people: Sequence[PersonModel] | None = None, camera: SimulatedCamera | None = None) -> Path:
    """Write the world, in which people stand in a half circle around the robot and look at it.

    Args:
        folder: Where to; it is made.
        people: By default all that come with the package.
        camera: The robot's.

    Returns:
        The world's file.
    """
    people = load_people() if people is None else people
    meshes = folder / "meshes"
    meshes.mkdir(parents=True, exist_ok=True)
    for person in people:
        for name, part in person.parts.items():
            write_text(meshes / f"{_file(person, name)}.obj", obj(part))
            if part.texture is not None:
                cv2.imwrite(str(meshes / f"{_file(person, name)}.png"), part.texture[..., ::-1])
    world = folder / WORLD
    write_text(world, world_text(people, camera or SimulatedCamera()))  # last: where it is, all that it names is
    return world


def obj(part: MeshPart) -> str:
    """A mesh in Wavefront's format."""
    lines = [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in part.vertices]
    if part.texcoords is not None:
        lines += [f"vt {u:.5f} {1 - v:.5f}" for u, v in part.texcoords]
    form = "{0}/{0}" if part.texcoords is not None else "{0}"
    lines += ["f " + " ".join(form.format(corner + 1) for corner in triangle) for triangle in part.triangles]
    return "\n".join(lines) + "\n"


def world_text(people: Sequence[PersonModel], camera: SimulatedCamera, room: Room = ROOMS["lab"]) -> str:
    """The world's file, in the format of VRML that Webots reads."""
    angles = np.linspace(-1.2, 1.2, len(people))
    ring = (3.0, 3.8)
    poses = [
        Pose(ring[i % 2] * math.cos(angle), ring[i % 2] * math.sin(angle), angle + math.pi)
        for i, angle in enumerate(angles.tolist())
    ]
    nodes = [
        "WorldInfo { basicTimeStep 16 }",
        "Viewpoint { position -6 0 4 orientation 0 1 0 0.4 }",
        "Background { skyColor [ 0.7 0.75 0.8 ] luminosity 0.8 }",
        "DirectionalLight { direction 0.5 -0.4 -0.8 intensity 1.5 ambientIntensity 0.6 }",
        _floor(room),
        *_walls(room),
        *(_person(person, pose) for person, pose in zip(people, poses, strict=True)),
        _robot(camera),
    ]
    return "\n".join([f"#VRML_SIM {RELEASE} utf8", *nodes]) + "\n"


def _file(person: PersonModel, part: str) -> str:
    return f"{person.name}_{part.replace(' ', '_')}"


def _person(person: PersonModel, pose: Pose) -> str:
    shapes = " ".join(_mesh(person, name, part) for name, part in person.parts.items())
    cylinder = f"Cylinder {{ radius {PERSON_RADIUS} height {person.height} }}"
    body = f"Pose {{ translation 0 0 {person.height / 2} children [ {cylinder} ] }}"
    return (
        f'Solid {{ name "{person.name}" translation {pose.x:.3f} {pose.y:.3f} 0 rotation 0 0 1 {pose.yaw:.4f} '
        f"children [ {shapes} ] boundingObject {body} }}"
    )


def _mesh(person: PersonModel, name: str, part: MeshPart) -> str:
    file = f"meshes/{_file(person, name)}"
    image = f'baseColorMap ImageTexture {{ url [ "{file}.png" ] }} ' if part.texture is not None else ""
    appearance = f"PBRAppearance {{ baseColor {_numbers(part.colour)} {image}roughness 0.9 metalness 0 }}"
    return f'Shape {{ appearance {appearance} geometry Mesh {{ url [ "{file}.obj" ] }} }}'


def _floor(room: Room) -> str:
    plane = f"Plane {{ size {room.length} {room.width} }}"
    return f'Solid {{ name "floor" children [ {_shape(plane, room.floor)} ] boundingObject {plane} }}'


def _walls(room: Room) -> Iterable[str]:
    x, y = room.length / 2, room.width / 2
    places = {
        "front": (x, 0, 0.1, 2 * y),
        "back": (-x, 0, 0.1, 2 * y),
        "left": (0, y, 2 * x, 0.1),
        "right": (0, -y, 2 * x, 0.1),
    }
    for name, (along, across, depth, width) in places.items():
        box = f"Box {{ size {depth} {width} {WALL_HEIGHT} }}"
        yield (
            f'Solid {{ name "{name}" translation {along} {across} {WALL_HEIGHT / 2} '
            f"children [ {_shape(box, room.wall)} ] boundingObject {box} }}"
        )


def _robot(camera: SimulatedCamera) -> str:
    """A disc that its driver, which is a supervisor, moves."""
    base = f"Cylinder {{ radius {ROBOT_RADIUS} height 0.3 }}"
    eye = (
        f'Camera {{ name "camera" translation {CAMERA_AHEAD} 0 {camera.above - 0.16:.3f} width {camera.width} '
        f"height {camera.height} fieldOfView {camera.field_of_view:.5f} }}"
    )
    return (
        f'Robot {{ name "robot" supervisor TRUE controller "<extern>" translation 0 0 0.16 '
        f"children [ {_shape(base, (0.2, 0.2, 0.22))} {eye} ] boundingObject {base} "
        f"physics Physics {{ density -1 mass 25 }} }}"
    )


def _shape(geometry: str, colour: Sequence[float]) -> str:
    appearance = f"PBRAppearance {{ baseColor {_numbers(colour)} roughness 1 metalness 0 }}"
    return f"Shape {{ appearance {appearance} geometry {geometry} }}"


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    print(export(Path(sys.argv[1] if len(sys.argv) > 1 else "webots")))
