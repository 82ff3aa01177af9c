"""The world for Webots: what it names exists, and its syntax and its fields are those that Webots knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import numpy as np
import pytest
from webots_syntax import FIELDS, Reader, SyntaxProblem

from opendr_perception.ros.robot import webots as webots_driver
from opendr_perception.sim.model import PERSON_RADIUS, ROBOT_RADIUS
from opendr_perception.sim.people import load_people
from opendr_perception.sim.robot import DEAD_MAN, DriveLimits, SimulatedCamera
from opendr_perception.sim.scene import ROOMS
from opendr_perception.sim.webots import export, obj, world_text

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("webots"), load_people()[:2])


def test_the_world_is_as_webots_wants_it_and_names_files_that_exist(world: Path) -> None:
    nodes = [node for root in Reader(world.read_text()).world() for node in root.below()]
    assert {node.kind for node in nodes} == set(FIELDS), "all that the reader knows is there"
    files = [str(file) for node in nodes for file in cast(list[str], node.fields.get("url", []))]
    assert files
    assert all((world.parent / file).stat().st_size > 100 for file in files)
    (robot,) = (node for node in nodes if node.kind == "Robot")
    assert robot.fields["supervisor"] is True
    assert robot.fields["controller"] == "<extern>"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("#VRML_SIM R2023b", "#VRML V2.0", "first line"),
        ("Viewpoint {", "Viewpoints {", "no node"),
        ("children [", "child [", "no field child"),
        ("supervisor TRUE", "supervisor yes", "TRUE or FALSE"),
        ("geometry Plane", "geometry Solid", "cannot be here"),
        ('name "floor"', "name floor", "no string"),
        ('name "floor"', 'name "left"', "one name"),
        ("roughness 1", "roughness 1.5", r"in \[0, 1\]"),
        ("width 640", "width 640.5", "SFInt32"),
        ("translation 0 0 0.16", "translation 0 0.16", "SFVec3f"),
        ("density -1 ", "", "either a mass"),
        ("WorldInfo { basicTimeStep 16 }", "", "begins with"),
        ("mass 25 } }", "mass 25 }", "ends too early"),
    ],
)
def test_what_webots_would_refuse_is_found(world: Path, old: str, new: str, problem: str) -> None:
    text = world.read_text()
    assert old in text
    with pytest.raises(SyntaxProblem, match=problem):
        Reader(text.replace(old, new, 1)).world()


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
