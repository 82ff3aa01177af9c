"""Fixtures: an empty cache, a registry whose npm is a script here, and the real converted models."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opendr_perception import zoo
from opendr_perception.zoo.manifest import Manifest, Package, load_manifest

FAKE_NPM = """#!{python}
import os, pathlib, shutil, sys
registry = pathlib.Path({registry!r})
with (registry / "requests").open("a") as log:
    log.write(sys.argv[-1] + "\\n")
if (registry / "started").exists():
    open(registry / "started", "w").close()   # blocks until the test listens
    open(registry / "go_on", "r").close()     # blocks until the test lets it go on
if (registry / "failure").exists():
    sys.stderr.write((registry / "failure").read_text())
    sys.exit(1)
name = sys.argv[-1].split("@")[0]
shutil.copy(registry / (name + ".tgz"), name + ".tgz")
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: fetches a small package from a registry")


@dataclass
class Registry:
    """A registry with two packages, 'first' and 'second', that hold a sample each."""

    directory: Path
    manifest_file: Path

    @property
    def manifest(self) -> Manifest:
        return load_manifest(self.manifest_file)

    @property
    def requests(self) -> list[str]:
        """Requests to the client so far."""
        log = self.directory / "requests"
        return log.read_text().split() if log.exists() else []

    def fail_with(self, output: str) -> None:
        (self.directory / "failure").write_text(output)

    def hold_downloads(self) -> None:
        """From now on, a download waits between `await_download` and `release`."""
        os.mkfifo(self.directory / "started")
        os.mkfifo(self.directory / "go_on")

    def await_download(self) -> None:
        (self.directory / "started").open().close()

    def release(self) -> None:
        """Let the waiting download, and all later ones, go on."""
        (self.directory / "started").unlink()
        (self.directory / "go_on").open("w").close()


@dataclass
class Recorder:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def downloading(self, package: Package) -> Iterator[Callable[[int], None]]:
        self.downloads.append(str(package))
        yield lambda size: None


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def cache(tmp_path: Path) -> zoo.Cache:
    return zoo.Cache(tmp_path / "cache")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    directory = tmp_path / "registry"
    directory.mkdir()
    packages, samples = [], []
    for name in ("first", "second"):
        content = f"content of {name}".encode()
        archive = directory / f"{name}.tgz"
        with tarfile.open(archive, "w:gz") as tar:
            header = tarfile.TarInfo(f"package/{name}.bin")
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        packages.append(
            f"  {name}: {{registry: npm, name: {name}, version: 1.2.3, sha256: '{digest}', "
            f"size: {archive.stat().st_size}}}"
        )
        digest = hashlib.sha256(content).hexdigest()
        samples.append(
            f"  {name}.bin: {{package: {name}, file: package/{name}.bin, sha256: '{digest}', "
            "licence: MIT, about: test}"
        )
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("\n".join(["packages:", *packages, "models: {}", "samples:", *samples]))
    programs = tmp_path / "programs"
    programs.mkdir()
    npm = programs / "npm"
    npm.write_text(FAKE_NPM.format(python=sys.executable, registry=str(directory)))
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return Registry(directory, manifest)


@pytest.fixture(scope="session")
def models() -> dict[str, zoo.ModelFile]:
    """Every model of the manifest, from the user's cache; fetched when it is not there."""
    zoo.fetch()
    return {name: zoo.require(name) for name in load_manifest().models}
