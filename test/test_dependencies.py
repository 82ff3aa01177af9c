"""Every module that the package imports is declared where a user's installer looks for it."""

from __future__ import annotations

import ast
import functools
import re
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
LOCKED = runpy.run_path(str(ROOT / "tools" / "lock_requirements.py"))["LOCKED"]
SOURCES = [*(ROOT / "opendr_perception").rglob("*.py"), *(ROOT / "launch").glob("*.py")]

ROSDEP_KEYS = {
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "onnxruntime": "python3-onnxruntime-pip",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "supervision": "python3-supervision-pip",
    "typer": "python3-typer",
    "yaml": "python3-yaml",
}
DISTRIBUTIONS = {"rosbags.image": "rosbags-image", "cv2": "opencv-python-headless", "yaml": "pyyaml"}
"""Distributions of the modules that are not named like them."""

WITH_TORCH = (
    "streaming/",
    "networks/",
    "training/",
    "engine/export.py",
    "bench/activity.py",
    "bench/continual.py",
    "bench/action/adapting.py",
    "bench/nms.py",
    "bench/presence.py",
    "bench/emotion/audiovisual.py",
    "bench/emotion/esr.py",
    "bench/signals/attention.py",
    "bench/sound/step.py",
    "bench/peers/",
)
"""For people who train, bring their own network or measure; nodes do not need them."""

FOR_EVALUATION = {"pycocotools", "matplotlib"}
"""Imported when asked for, and named by one line when missing: requirements/evaluate.txt."""

FOR_PROCESSING = {"duckdb", "pyarrow"}
"""Likewise, for tables of results: requirements/process.txt."""

FOR_VIEWING = {"rerun", "rerun_cli", "foxglove"}
"""Likewise, for `view` and files of rerun: requirements/view.txt."""

FOR_CLUSTERS = {"ray"}
"""Likewise, for `process --ray`: requirements/ray.txt."""

FOR_FLEETS = {"zenoh"}
"""Likewise, for `fleet_bridge` and `fleet`: requirements/fleet.txt."""

FOR_TRAINING = {"torch", "anny", "gymnasium", "stable_baselines3"}
"""Packages that no node needs; anny only makes the table of bodies anew."""


@functools.cache
def imports_of(source: Path) -> set[str]:
    """Dotted names of the modules that a file imports, also inside functions."""
    found: set[str] = set()
    for statement in ast.walk(ast.parse(source.read_text())):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            found.add(statement.module)
    return found


def foreign_imports() -> dict[str, str]:
    """Each distribution's or ROS package's name for a module that is neither ours nor Python's, and who imports it."""
    found = {}
    builders = tuple(f"opendr_perception/{place}" for place in WITH_TORCH)
    for source in SOURCES:
        for module in imports_of(source):
            top = module.split(".")[0]
            if (
                top in sys.stdlib_module_names
                or top in FOR_EVALUATION | FOR_PROCESSING | FOR_VIEWING | FOR_CLUSTERS | FOR_FLEETS
                or top == "opendr_perception"
            ):
                continue
            if top == "mujoco" and "sim" in source.parts:  # pinned in sim.txt; see below
                continue
            if top in FOR_TRAINING and source.relative_to(ROOT).as_posix().startswith(builders):
                continue
            name = next((part for part in DISTRIBUTIONS if module == part or module.startswith(part + ".")), top)
            found[name] = str(source.relative_to(ROOT))
    return found


def requirements(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {re.split(r"[=<>;\s]", line)[0].lower() for line in lines if line and not line.startswith("#")}


def test_package_xml_and_robot_txt_name_every_import() -> None:
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    keys = {element.text for element in manifest if element.tag in ("depend", "exec_depend")}
    by_pip = requirements("robot.txt")
    missing = {
        name: importer
        for name, importer in foreign_imports().items()
        if ROSDEP_KEYS.get(name, name) not in keys and DISTRIBUTIONS.get(name, name) not in by_pip
    }
    assert not missing


def test_pinned_requirements_name_every_import() -> None:
    pinned = requirements("run.txt") | requirements("no-deps.txt")
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    ros_packages = {element.text for element in manifest if element.tag in ("depend", "exec_depend")}
    missing = {
        name: importer
        for name, importer in foreign_imports().items()
        if name not in ros_packages and DISTRIBUTIONS.get(name, name) not in pinned
    }
    assert not missing


def test_robot_and_pinned_requirements_agree() -> None:
    pins = [
        line.split("#")[0].strip()
        for name in ("run.txt", "no-deps.txt", "constraints.txt")
        for line in (ROOT / "requirements" / name).read_text().splitlines()
    ]
    robot = (ROOT / "requirements" / "robot.txt").read_text().splitlines()
    assert [line for line in robot if line and line[0] != "#" and line.split("#")[0].strip() not in pins] == []


def test_what_the_simulator_loads_only_when_it_runs_is_pinned() -> None:
    text = (ROOT / "opendr_perception" / "sim" / "rendering.py").read_text()
    loaded = set(re.findall(r'import_module\("(\w+)"\)', text))
    assert loaded == {"mujoco"}
    assert loaded <= requirements("sim.txt")


def test_what_only_tables_of_results_need_is_pinned() -> None:
    imported = {name.split(".")[0] for source in SOURCES for name in imports_of(source)}
    assert imported >= FOR_PROCESSING
    assert requirements("process.txt") >= FOR_PROCESSING


def test_what_only_learning_by_reinforcement_needs_is_pinned() -> None:
    imported = {name.split(".")[0] for source in SOURCES for name in imports_of(source)}
    wanted = {"gymnasium", "stable_baselines3"}
    assert wanted <= imported
    assert {name.replace("_", "-") for name in wanted} <= requirements("reinforcement.txt")


def test_everything_that_is_installed_for_users_is_locked_by_hash() -> None:
    wanted = re.compile(r"^([\w.-]+==[\w.+]+)", re.MULTILINE)
    for name, sources in LOCKED.items():
        text = (ROOT / "requirements" / name).read_text()
        locked = {pin.lower().replace("_", "-") for pin in wanted.findall(text)}
        for source in sources:
            pins = wanted.findall((ROOT / "requirements" / source).read_text())
            missing = [pin for pin in pins if pin.lower().replace("_", "-") not in locked]
            assert not missing, f"{source}: run `python tools/lock_requirements.py`"
        blocks = re.split(r"\n(?=\S)", text.strip())[1:]
        assert all("--hash=sha256:" in block for block in blocks)


def test_a_gpu_runs_the_release_that_the_tests_run() -> None:
    pattern = re.compile(r"^onnxruntime(?:-gpu)?(==\S+; .*)$", re.MULTILINE)
    with_gpu, without = (pattern.findall((ROOT / "requirements" / name).read_text()) for name in ("gpu.txt", "run.txt"))
    assert with_gpu
    assert with_gpu == without
