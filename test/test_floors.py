"""The rules of the house: imports point downwards only, torch and ROS stay where they belong, rooms have walls."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "opendr_perception"
ROOT = Path(__file__).parents[1] / PACKAGE
FILES = sorted(ROOT.rglob("*.py"))

BELOW = {
    "streaming": set(),
    "networks": {"streaming"},
    "settings.py": set(),
    "engine": {"files", "arrays"},
    "zoo": {"engine", "files", "arrays"},
    "tasks": {"engine", "zoo", "settings", "files", "arrays"},
    "active": {"engine", "zoo", "tasks", "settings", "files", "arrays"},
    "ros": {"engine", "zoo", "tasks", "active", "msg", "srv", "action", "settings", "files", "arrays"},
    "sim": {"files", "arrays"},
    "nodes": {"ros", "engine", "zoo", "tasks", "active", "sim", "msg", "srv", "action", "settings", "files", "arrays"},
    "view": {"ros", "tasks", "msg", "files", "arrays"},
    "process": {"view", "ros", "engine", "zoo", "tasks", "msg", "settings", "files", "arrays"},
    "evaluate": {"engine", "zoo", "tasks", "files", "arrays"},
    "training": {"streaming", "networks", "engine", "zoo", "tasks", "active", "sim", "evaluate", "files", "arrays"},
}
"""Floors that each floor may import, besides itself. Programs (cli, demo, bench) stand above them all."""

NETWORK_BUILDERS = ("networks", "training", "streaming")
WITH_TORCH = (
    "engine/export.py",
    "models_cli.py",
    "teach_cli.py",
    "bench/action/adapting.py",
    "bench/activity.py",
    "bench/continual.py",
    "bench/emotion/audiovisual.py",
    "bench/emotion/esr.py",
    "bench/nms.py",
    "bench/presence.py",
    "bench/signals/attention.py",
    "bench/sound/step.py",
    "bench/peers/pytorch.py",
    "bench/peers/opendr.py",
    "bench/peers/opendr_nms.py",
    "bench/view/gains/actions.py",
)
WITHOUT_TORCH = [
    file
    for file in FILES
    if file.relative_to(ROOT).parts[0] not in NETWORK_BUILDERS and str(file.relative_to(ROOT)) not in WITH_TORCH
]
ROS = {"rclpy", "launch", "launch_ros", "sensor_msgs", "std_msgs", "geometry_msgs", "builtin_interfaces"}


@functools.cache
def import_statements(file: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Of a file, also inside of functions."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return tuple(node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)))


def imports(file: Path) -> Iterator[str]:
    """Full names of all modules that a file imports, also inside of functions."""
    for node in import_statements(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
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


CAPABILITIES = {
    "people",
    "fusion",
    "body",
    "action",
    "activity",
    "face",
    "emotion",
    "presence",
    "nms",
    "view",
    "sound",
    "signals",
}
"""The only names that divide a floor by what is perceived; they mean the same everywhere."""
SERVICES = {
    "tasks": {"imaging", "recordings"},
    "training": {"common"},
    "bench": {"harness", "peers", "ros"},
    "networks": set(),
}
"""Rooms of these floors that serve all capabilities."""
MOST_FILES = 14
LISTS = (ROOT / "nodes",)
"""Folders that are lists, with one file for each thing: they grow with the things and are looked up by name."""


def test_there_is_something_to_check() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in FILES} >= {
        "streaming",
        "zoo",
        "engine",
        "tasks",
        "ros",
        "nodes",
    }
    assert "rclpy" in outside(ROOT / "ros" / "node" / "managed.py")
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


@pytest.mark.parametrize(
    "floor",
    ["settings.py", "streaming", "networks", "engine", "zoo", "tasks", "active", "sim", "evaluate", "training"],
)
def test_ros_stays_above(floor: str) -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] == floor:
            assert not outside(file) & ROS, place(file)
            assert not floors(file) & {"msg", "srv", "action"}, place(file)


# --- rooms ------------------------------------------------------------------------------------------------------------

FOLDERS = sorted(file.parent for file in FILES if file.name == "__init__.py")


def public(folder: Path) -> set[str]:
    """Public names of a folder's `__init__`, which others may import: names that it hands on, and modules."""
    for node in ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def trespasses(file: Path) -> Iterator[str]:
    """Imports of a file from other folders that their `__init__` does not name."""
    for node in import_statements(file):
        if not isinstance(node, ast.ImportFrom) or not node.module or not node.module.startswith(f"{PACKAGE}."):
            continue
        target = ROOT.joinpath(*node.module.split(".")[1:])
        for alias in node.names:
            if target.is_dir() and not (target / alias.name).is_dir():
                folder, name = target, alias.name
            else:
                folder, name = target.parent, target.name
            inside = folder in (file.parent, ROOT) or folder == ROOT / "nodes" or not (folder / "__init__.py").exists()
            if not inside and name not in public(folder):
                yield f"{node.module}.{alias.name}"


def test_other_folders_are_entered_by_what_they_make_public() -> None:
    found = {place(file): names for file in FILES if (names := list(trespasses(file)))}
    assert not found, "import what the folder's __init__ names in __all__, or name it there"


@pytest.mark.parametrize("folder", FOLDERS, ids=place)
def test_a_folder_says_what_it_is_and_what_it_makes_public(folder: Path) -> None:
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    files = {path.stem for path in folder.iterdir()}
    handed_on = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(text))  # also what is handed on when it is first used
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert public(folder) <= files | handed_on
    assert handed_on <= public(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=place)
def test_a_folder_can_be_read_as_a_list(folder: Path) -> None:
    files = [path.stem for path in folder.glob("*.py")]
    assert len(files) <= MOST_FILES or folder in LISTS
    repeated = {folder.name, f"{folder.name}s"}
    assert [name for name in files if repeated & {name, name.split("_")[0], name.split("_")[-1]}] == []


@pytest.mark.parametrize("floor", SERVICES)
def test_capabilities_have_the_same_names_on_every_floor(floor: str) -> None:
    rooms = {path.name for path in (ROOT / floor).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= CAPABILITIES | SERVICES[floor]


def test_rooms_of_trainings_form_no_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for file in FILES:
        floor, *inside = file.relative_to(ROOT).parts
        if floor == "training" and len(inside) > 1:
            others = {name.split(".")[2] for name in imports(file) if name.startswith(f"{PACKAGE}.training.")}
            rooms.setdefault(inside[0], set()).update(others - {inside[0]})
    order = [*graphlib.TopologicalSorter(rooms).static_order()]
    assert order.index("body") < order.index("action") < order.index("activity")


ATTRIBUTES_COME_AND_GO = re.compile(r"hasattr\(self\b|^\s*del self\.\w+\s*(,|$)", re.MULTILINE)


@pytest.mark.parametrize("floor", ["ros", "nodes", "tasks"])
def test_no_attribute_comes_and_goes(floor: str) -> None:
    for file in FILES:
        if file.relative_to(ROOT).parts[0] == floor:
            assert not ATTRIBUTES_COME_AND_GO.search(file.read_text(encoding="utf-8")), place(file)
