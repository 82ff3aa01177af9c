"""The package is complete after `colcon build`, where these tests run, and after `pip install .` elsewhere."""

from __future__ import annotations

import ctypes.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from ament_index_python import get_package_prefix

ROOT = Path(__file__).parents[1]
NODES = sorted(path.stem for path in (ROOT / "opendr_perception" / "nodes").glob("[a-z]*.py"))
INTERFACES = sorted(path for kind in ("msg", "srv", "action") for path in (ROOT / kind).iterdir())


@dataclass(frozen=True)
class Installation:
    """An installed package, and the Python and environment to use it with."""

    prefix: Path
    python: str
    environment: dict[str, str]

    def run(self, *command: str | Path) -> str:
        """Run a program in the source tree, where a user starts, and return what it prints."""
        result = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, f"{command} returned {result.returncode}:\n{result.stdout}{result.stderr}"
        return result.stdout

    def run_python(self, *lines: str) -> str:
        # As the executables of the package do it: a source tree in the current directory is not looked at.
        return self.run(self.python, "-c", "\n".join(["import sys", "sys.path.remove('')", *lines]))


@pytest.fixture(scope="module", params=["colcon", pytest.param("pip", marks=pytest.mark.wheel)])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    if request.param == "colcon":
        return Installation(Path(get_package_prefix("opendr_perception")), sys.executable, dict(os.environ))
    return pip_installation(tmp_path_factory.mktemp("pip") / "venv")


def pip_installation(prefix: Path) -> Installation:
    environment = clean_environment()
    python = str(prefix / "bin" / "python3")
    call([sys.executable, "-m", "venv", str(prefix)], environment)
    pins = [f"--constraint={ROOT / 'requirements' / name}.txt" for name in ("constraints", "run", "no-deps")]
    pip = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", "install", "--progress-bar=off", *pins]
    call([*pip, str(ROOT)], environment)
    if ctypes.util.find_library("GL") is None:  # a machine without a display: the OpenCV of trackers does not load
        call([*pip, "--force-reinstall", "--no-deps", "opencv-python-headless"], environment)
    return Installation(prefix, python, environment)


def clean_environment() -> dict[str, str]:
    """This process's environment without the development environment and the colcon installation."""
    ours = ("PYTHON", "LD_LIBRARY_PATH", "AMENT_", "CMAKE_", "COLCON_", "FASTDDS_", "VIRTUAL_ENV", "_ROS_WHEELS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    folders = environment["PATH"].split(os.pathsep)
    environment["PATH"] = os.pathsep.join(folder for folder in folders if not Path(folder).is_relative_to(ROOT))
    return environment


def call(command: Sequence[str], environment: dict[str, str]) -> None:
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout[-4000:]


@pytest.mark.timeout(1200)  # of the first test with the pip installation, which makes it
def test_every_node_has_an_executable(installation: Installation) -> None:
    executables = sorted((installation.prefix / "lib" / "opendr_perception").iterdir())
    assert [path.name for path in executables] == NODES
    assert all(os.access(path, os.X_OK) for path in executables)


def test_share_holds_launch_and_configuration(installation: Installation) -> None:
    share = installation.prefix / "share" / "opendr_perception"
    expected = [
        path.relative_to(ROOT)
        for pattern in ("package.xml", "launch/*.py", "config/**/*.*", "examples/*.py")
        for path in ROOT.glob(pattern)
    ]
    assert Path("config/fastdds.xml") in expected
    assert [path for path in expected if not (share / path).is_file()] == []


def test_package_is_in_the_ament_index(installation: Installation) -> None:
    assert (installation.prefix / "share/ament_index/resource_index/packages/opendr_perception").is_file()


def test_every_interface_can_be_used(installation: Installation) -> None:
    installation.run_python(
        "from rclpy.type_support import check_for_type_support",
        *(
            f"from opendr_perception.{path.parent.name} import {path.stem}; check_for_type_support({path.stem})"
            for path in INTERFACES
        ),
    )


def test_nodes_load_large_libraries_only_where_they_use_them(installation: Installation) -> None:
    nodes = [f"opendr_perception.nodes.{name}" for name in ("people", "person_detection", "view_control")]
    large = {"onnx", "scipy", "supervision", "torch", "trackers"}
    found = installation.run_python(f"import {', '.join(nodes)}", f"print({large!r} & set(sys.modules))")
    assert found.strip() == "set()"


def test_messages_of_others_are_not_installed(installation: Installation) -> None:
    others = [path.name for path in (ROOT / "interfaces" / "src").iterdir()]
    assert others
    assert [name for name in others if [*installation.prefix.rglob(name)]] == []


def test_a_robot_gets_no_data_of_trainings(installation: Installation) -> None:
    (zoo,) = installation.run_python("import opendr_perception.zoo", "print(opendr_perception.zoo.__path__[0])").split()
    if Path(zoo).is_symlink():
        pytest.skip("the installation links whole folders of the source tree")
    installed = {path.name for path in Path(zoo).parent.rglob("*.npz")}
    sounds = {"sound-digits.npz", "sound-environment.npz"}  # which `teach sounds` begins with
    assert installed == {"people.npz", "face_mesh.npz", "kinds.npz", "embedding_moves.npz"} | sounds


def test_a_build_for_development_links_to_the_source_tree() -> None:
    """With any of these keywords ament copies the whole folder, and older builds keep their links and hide it."""
    directories = re.findall(r"install\(DIRECTORY.*?\)", (ROOT / "CMakeLists.txt").read_text(), re.DOTALL)
    assert directories
    words = {word for text in directories for word in re.sub("#.*", "", text).split()}
    assert not words & {"REGEX", "FILES_MATCHING", "CONFIGURATIONS", "COMPONENT", "USE_SOURCE_PERMISSIONS"}
    assert not words & {"PERMISSIONS", "FILE_PERMISSIONS", "DIRECTORY_PERMISSIONS"}


def test_nodes_and_commands_can_be_imported(installation: Installation) -> None:
    modules = ["opendr_perception.cli", *(f"opendr_perception.nodes.{node}" for node in NODES)]
    files = installation.run_python(*(f"import {module}; print({module}.__file__)" for module in modules)).split()
    assert [file for file in files if not Path(file).is_relative_to(installation.prefix)] == []


def test_command_runs_in_the_source_tree(installation: Installation) -> None:
    assert "nanodet" in installation.run(installation.prefix / "bin" / "opendr-perception", "models", "list")
