"""The page on safety is true: the tests that it names, its figures, and the types of velocities."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from opendr_perception.active.control.separation import REACTION, separation_share
from opendr_perception.active.surroundings.geometry import PersonPosition, Velocity
from opendr_perception.nodes.view_control import Parameters

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "safety.md").read_text()
VIEW_CONTROL = (ROOT / "docs" / "nodes" / "view_control.md").read_text()
DEFAULTS = Parameters()
AHEAD, ASIDE = Velocity(x=10.0), Velocity(y=10.0)


def speed(wish: Velocity, distance: float, brakes: float = DEFAULTS.max_acceleration) -> float:
    """The speed that is allowed towards a person ahead, or around them, m/s."""
    person = PersonPosition(distance, 0.0)
    return separation_share(wish, person, DEFAULTS.robot_radius, brakes, DEFAULTS.creep_speed) * wish.speed


def test_the_tests_that_documents_name_exist() -> None:
    existing = set(
        re.findall(r"^def (test_\w+)", "\n".join(p.read_text() for p in (ROOT / "test").rglob("*.py")), re.M)
    )
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    named = {name for page in pages for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert len(named) > 30
    assert named <= existing


def test_every_row_of_hazards_names_what_holds_it() -> None:
    rows = re.findall(r"^\| (.*) \|$", PAGE.split("## Hazards")[1].split("## What is not covered")[0], re.M)[2:]
    assert len(rows) > 20
    for row in rows:
        hazard, _, tests = row.split(" | ")
        assert "`test_" in tests, hazard


def test_the_distances_of_fast_robots_are_those_of_the_code() -> None:
    rows = re.findall(
        r"^\| ([\d.]+) m/s \| ([\d.]+) m/s² \| ([\d.]+) m \| ([\d.]+) m \| ([\d.]+) m \|$", PAGE, re.MULTILINE
    )
    assert len(rows) == 4
    for fast, brakes, *distances in (map(float, row) for row in rows):
        for distance, wanted in zip(distances, (fast, fast / 2, DEFAULTS.creep_speed), strict=True):
            assert speed(AHEAD, distance, brakes) + 1e-9 >= wanted > speed(AHEAD, distance - 0.0101, brakes) - 1e-9


def test_the_speeds_beside_people_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| ([\d.]+) m \| ([\d.]+) m/s \| ([\d.]+) m/s \|$", VIEW_CONTROL, re.MULTILINE)
    assert len(rows) == 5
    for distance, around, towards in (map(float, row) for row in rows):
        for wish, said in ((ASIDE, around), (AHEAD, towards)):
            assert min(speed(wish, distance), DEFAULTS.max_linear) == pytest.approx(said, abs=0.0051)


def test_velocities_are_stamped_where_the_launch_files_stamp_them() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "opendr_perception" / "ros").rglob("launching/*.py"))
    (plain,) = re.findall(r"^WITHOUT_STAMPS = \((.*)\)$", code, re.MULTILINE)
    (said,) = re.findall(r"^\| ([\w, ]+) \| geometry_msgs/Twist \(.*\| false \|$", PAGE, re.MULTILINE)
    assert said.lower().split(", ") == re.findall(r'"(\w+)"', plain)
    assert DEFAULTS.stamped is False


def test_parameters_that_the_page_names_exist_and_are_as_it_says() -> None:
    for name in (
        "min_distance",
        "creep_speed",
        "max_age",
        "command_timeout",
        "require_scan",
        "scan_pose",
        "camera_pose",
    ):
        assert f"`{name}`" in PAGE
        assert hasattr(DEFAULTS, name)
    assert not DEFAULTS.continuous and not DEFAULTS.allow_fast and not DEFAULTS.require_scan
    assert f"The {REACTION:g} s until it begins" in PAGE
    child, grown_up, believed = 0.12, DEFAULTS.face_size, 1.13
    assert f"A face of {child} m for {grown_up} m makes 0.90 m of what is believed to be {believed} m" in PAGE
    assert math.isclose(believed * child / grown_up, 0.90, abs_tol=0.005)
