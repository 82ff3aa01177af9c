"""Short recordings, and runs of the command in a process of its own, which can be killed at a chosen moment."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

RATE = 10


WriteFilm = Callable[[Path, Sequence[np.ndarray]], Path]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def write_film() -> WriteFilm:
    """Writes a film of BGR frames, without loss, at RATE."""
    return _write_film


def _write_film(path: Path, frames: Sequence[np.ndarray]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def street_film(street: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a street with pedestrians."""
    return _write_film(tmp_path_factory.mktemp("films") / "street.mkv", street)


@pytest.fixture(scope="session")
def head_film(talking_film: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 frames of a man who talks."""
    return _write_film(tmp_path_factory.mktemp("films") / "head.mkv", talking_film[:30])


DRIVER = """
import os, signal, sys
from opendr_perception.cli import main
{before}
if __name__ == "__main__":
    main()
"""

KILLED_AT = """
import importlib
from opendr_perception.process import checkpoints, run
checkpoints.BLOCK = 5
module, name = {place!r}.rsplit(".", 1)
owner = importlib.import_module(module) if not module.split(".")[-1][0].isupper() else None
if owner is None:
    folder, kind = module.rsplit(".", 1)
    owner = getattr(importlib.import_module(folder), kind)
wrapped, calls = getattr(owner, name), []
def deadly(*arguments, **keywords):
    calls.append(1)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return wrapped(*arguments, **keywords)
setattr(owner, name, deadly)
"""


@pytest.fixture(scope="session")
def command(models: object) -> Command:
    """Runs `opendr-perception process` to its end; `before` is executed first."""
    return _command


def _command(*arguments: str, before: str = "", timeout: float = 250) -> subprocess.CompletedProcess[str]:
    script = DRIVER.format(before=before)
    return subprocess.run(
        [sys.executable, "-c", script, "process", *arguments], capture_output=True, text=True, timeout=timeout, cwd="/"
    )


@pytest.fixture(scope="session")
def killed_at() -> Callable[[str, int], str]:
    """Gives code with which a process kills itself at its n-th call of a function, by the function's full name."""
    return lambda place, call: KILLED_AT.format(place=place, call=call)


@pytest.fixture(scope="session")
def hashes() -> Callable[[Path], dict[str, str]]:
    """Gives the sha256 of all files of an output."""
    return _hashes


def _hashes(output: Path) -> dict[str, str]:
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and not path.relative_to(output).parts[0].startswith(".")
    }
