"""The rule of floors: imports point downwards only, and torch and ROS stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "opendr_perception"
ROOT = Path(__file__).parents[1] / PACKAGE
FILES = sorted(ROOT.rglob("*.py"))

BELOW = {
    "streaming": set(),
    "networks": {"streaming"},
    "zoo": {"files"},
    "engine": {"zoo", "files"},
    "tasks": {"engine", "zoo", "files"},
    "active": {"engine", "zoo", "tasks", "files"},
    "ros": {"engine", "zoo", "tasks", "active", "msg", "srv", "action", "files"},
    "sim": {"files"},
    "nodes": {"ros", "engine", "zoo", "tasks", "active", "sim", "msg", "srv", "action", "files"},
    "training": {"streaming", "networks", "engine", "zoo", "tasks", "active", "sim", "files"},
}
"""What each floor may import of this package, besides itself. Programs (cli, demo, bench) stand above them all."""

NETWORK_BUILDERS = ("networks", "training", "streaming")
WITH_TORCH = (
    "engine/export.py",
    "bench/continual.py",
    "bench/emotion/esr.py",
    "bench/nms.py",
    "bench/presence.py",
    "bench/sound/step.py",
    "bench/peers/opendr.py",
    "bench/peers/opendr_nms.py",
)
WITHOUT_TORCH = [
    file
    for file in FILES
    if file.relative_to(ROOT).parts[0] not in NETWORK_BUILDERS and str(file.relative_to(ROOT)) not in WITH_TORCH
]
ROS = {"rclpy", "launch", "launch_ros", "sensor_msgs", "std_msgs", "geometry_msgs", "builtin_interfaces"}


def imports(file: Path) -> Iterator[str]:
    """Full names of all modules that a file imports, also inside of functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute here"
            assert node.module is not None
            yield node.module
            if node.module == PACKAGE:
                yield from (f"{PACKAGE}.{alias.name}" for alias in node.names)


def outside(file: Path) -> set[str]:
    """Other packages that a file imports."""
    return {name.split(".")[0] for name in imports(file)} - {PACKAGE}


def floors(file: Path) -> set[str]:
    """Folders and modules of this package that a file imports."""
    names = (name.split(".") for name in imports(file))
    return {parts[1] for parts in names if parts[0] == PACKAGE and len(parts) > 1}


def place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in FILES} >= {
        "streaming",
        "zoo",
        "engine",
        "tasks",
        "ros",
        "nodes",
    }
    assert "rclpy" in outside(ROOT / "ros" / "managed.py")
    assert "tasks" in floors(ROOT / "nodes" / "person_detection.py")


@pytest.mark.parametrize("floor", BELOW)
def test_imports_point_downwards(floor: str) -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] == floor and place(file) != "engine/export.py":
            crossed = floors(file) - BELOW[floor] - {floor}
            assert not crossed, f"{place(file)} imports {', '.join(sorted(crossed))}"


def test_nothing_imports_nodes_but_what_measures_them() -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] not in ("nodes", "bench"):
            assert "nodes" not in floors(file), place(file)


def test_torch_is_for_building_networks_only() -> None:
    for file in WITHOUT_TORCH:
        assert not outside(file) & {"torch", "torchvision"}, place(file)
        assert not floors(file) & set(NETWORK_BUILDERS), place(file)
        assert f"{PACKAGE}.engine.export" not in set(imports(file)), place(file)


def test_networks_are_pure_torch() -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] in ("streaming", "networks"):
            assert not outside(file) & {"onnxruntime", "cv2", *ROS}, place(file)


@pytest.mark.parametrize("floor", ["streaming", "networks", "engine", "zoo", "tasks", "active", "sim", "training"])
def test_ros_stays_above(floor: str) -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] == floor:
            assert not outside(file) & ROS, place(file)
            assert not floors(file) & {"msg", "srv", "action"}, place(file)
