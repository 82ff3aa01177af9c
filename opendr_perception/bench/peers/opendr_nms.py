"""OpenDR's suppression networks, from the source that it has published on PyPI."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from torch import nn

from opendr_perception.bench.peers.opendr import PeerClass, PeerMissing
from opendr_perception.files import write_text
from opendr_perception.zoo.cache import Cache, default_cache, sha256_of

PACKAGE = "opendr-toolkit-object-detection-2d==3.0.0"
SOURCES = {
    "seq2seq_model": "3c4a5caa3da4950eca9803a830b69927bb4a4c656af3da1a4a14252b1e48841b",
    "fseq2_model": "e13f7e87483a8836f447af22190f11666062eb3d6fe878a8af922a8042daa778",
}
"""Files of the package that are used, and their sha256."""


@contextmanager
def opendr_nms() -> Iterator[tuple[PeerClass, PeerClass]]:
    """The classes of OpenDR's Seq2Seq-NMS and FSeq2-NMS, to be instantiated within the context.

    RoIAlign of torchvision, which the latter imports, is replaced by nothing where it is not installed: weights can be
    compared then, answers cannot.

    Raises:
        PeerMissing: they cannot be downloaded, or have another hash.
    """
    folder = _sources(default_cache())
    absent = "torchvision" not in sys.modules and _import_fails("torchvision")
    if absent:
        sys.modules["torchvision"], sys.modules["torchvision.ops"] = ModuleType("torchvision"), ModuleType("ops")
        sys.modules["torchvision"].__dict__["ops"] = sys.modules["torchvision.ops"]
        sys.modules["torchvision.ops"].__dict__["RoIAlign"] = lambda **_: nn.Identity()
    try:
        modules = [_load(folder / f"{name}.py") for name in SOURCES]
        yield modules[0].Seq2SeqNet, modules[1].FSeq2Net
    finally:
        if absent:
            del sys.modules["torchvision"], sys.modules["torchvision.ops"]


def _import_fails(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return True
    return False


def _load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _sources(cache: Cache) -> Path:
    """The folder of the verified files, downloaded once.

    The package cannot be set up with a Cython of today, so pip fails after it has unpacked it. Only the source is
    wanted, which pip is told to leave behind.
    """
    kept = cache.archives / PACKAGE.replace("==", "-")
    if all((kept / f"{name}.py").is_file() and sha256_of(kept / f"{name}.py") == SOURCES[name] for name in SOURCES):
        return kept
    options = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--no-clean", "--no-input"]
    with cache.workspace() as workspace:
        command = [sys.executable, "-m", "pip", "download", *options, "-d", str(workspace), PACKAGE]
        environment = {**os.environ, "TMPDIR": str(workspace)}
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        for name, digest in SOURCES.items():
            found = next(workspace.glob(f"*/*/src/**/{name}.py"), None)
            if found is None:
                said = (result.stderr.strip().splitlines() or ["nothing"])[-1]
                raise PeerMissing(f"{PACKAGE} cannot be downloaded; pip said: {said}")
            if sha256_of(found) != digest:
                raise PeerMissing(f"{name}.py is not the file that was compared with before: its sha256 differs")
            kept.mkdir(parents=True, exist_ok=True)
            write_text(kept / f"{name}.py", found.read_text(encoding="utf-8"))
    return kept
