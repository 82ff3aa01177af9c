"""The world for Webots: what it names exists, and its syntax is that of VRML."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from opendr_perception.ros.robot import webots as webots_driver
from opendr_perception.sim.model import PERSON_RADIUS, ROBOT_RADIUS
from opendr_perception.sim.people import load_people
from opendr_perception.sim.robot import DEAD_MAN, DriveLimits, SimulatedCamera
from opendr_perception.sim.scene import ROOMS
from opendr_perception.sim.webots import export, obj, world_text

ROOT = Path(__file__).parents[2]
NODES = {
    "WorldInfo", "Viewpoint", "Background", "DirectionalLight", "Solid", "Shape", "PBRAppearance", "ImageTexture",
    "Mesh", "Plane", "Box", "Cylinder", "Pose", "Robot", "Camera", "Physics",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("webots"), load_people()[:2])


def test_the_world_is_well_formed_and_names_files_that_exist(world: Path) -> None:
    text = world.read_text()
    assert text.startswith("#VRML_SIM R2023b utf8\n")
    open_brackets: list[str] = []
    for character in re.sub(r'"[^"]*"', "", text):
        if character in "{[":
            open_brackets.append(character)
        elif character in "}]":
            assert open_brackets.pop() + character in ("{}", "[]")
    assert not open_brackets
    assert set(re.findall(r"\b([A-Z]\w+) {", text)) == NODES
    files = re.findall(r'url \[ "([^"]+)" \]', text)
    assert files
    assert all((world.parent / file).stat().st_size > 100 for file in files)


def test_names_are_those_of_the_people(world: Path) -> None:
    names = re.findall(r'Solid { name "([^"]+)"', world.read_text())
    assert names == ["floor", "front", "back", "left", "right", *(person.name for person in load_people()[:2])]


def test_a_mesh_is_written_as_it_is() -> None:
    part = load_people()[0].parts["head"]
    lines = [line.split() for line in obj(part).splitlines()]
    vertices = np.array([line[1:] for line in lines if line[0] == "v"], float)
    faces = np.array([[corner.split("/")[0] for corner in line[1:]] for line in lines if line[0] == "f"], int)
    texcoords = np.array([line[1:] for line in lines if line[0] == "vt"], float)
    assert np.allclose(vertices, part.vertices, atol=1e-4)
    assert np.array_equal(faces - 1, part.triangles)
    assert part.texcoords is not None
    assert np.allclose(texcoords, part.texcoords * [1, -1] + [0, 1], atol=1e-4)


def test_the_driver_finds_what_the_robot_has(world: Path) -> None:
    description = ElementTree.parse(ROOT / "launch" / "webots_robot.urdf").getroot()
    device = description.find("webots/device")
    plugin = description.find("webots/plugin")
    assert device is not None and plugin is not None
    assert f'{device.get("type")} {{ name "{device.get("reference")}"' in world.read_text()
    module, _, name = str(plugin.get("type")).rpartition(".")
    assert (ROOT / (module.replace(".", "/") + ".py")).read_text().count(f"class {name}:") == 1
    assert {element.tag for element in plugin} == {"motion", "stamped"}


def test_the_world_and_its_robot_are_those_of_the_simulation(world: Path) -> None:
    text, camera = world.read_text(), SimulatedCamera()
    assert f"radius {ROBOT_RADIUS}" in text
    assert f"fieldOfView {camera.field_of_view:.5f}" in text
    assert f"width {camera.width} height {camera.height}" in text
    lifted = re.search(r"<extern>\" translation 0 0 ([\d.]+)", text)
    mast = re.search(r"\"camera\" translation 0.1 0 ([\d.]+)", text)
    assert lifted is not None and mast is not None
    assert float(lifted[1]) + float(mast[1]) == pytest.approx(camera.above)
    for person in load_people()[:2]:
        assert f"Cylinder {{ radius {PERSON_RADIUS} height {person.height} }}" in text
    limits = DriveLimits()
    assert (limits.speed, limits.turn) == (webots_driver.MAX_LINEAR, webots_driver.MAX_ANGULAR)
    assert webots_driver.DEAD_MAN == DEAD_MAN


def test_people_stand_inside_the_room_and_apart() -> None:
    text = world_text(load_people(), SimulatedCamera())
    places = re.findall(r'Solid { name "person_\d+" translation (\S+) (\S+) 0', text)
    points = np.array(places, float)
    assert len(points) == len(load_people())
    room = ROOMS["lab"]
    assert np.all(np.abs(points) + PERSON_RADIUS < [room.length / 2, room.width / 2])
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 10 * np.eye(len(points))
    assert apart.min() > 2 * PERSON_RADIUS
    assert np.linalg.norm(points, axis=1).min() > PERSON_RADIUS + ROBOT_RADIUS + 1.0
