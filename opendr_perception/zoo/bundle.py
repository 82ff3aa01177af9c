"""Carry converted models to a robot without a network, in one tar file."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from opendr_perception.files import store
from opendr_perception.zoo.cache import Cache, default_cache, file_errors
from opendr_perception.zoo.errors import ModelCorrupt, ModelMissing, ZooError
from opendr_perception.zoo.manifest import ModelEntry, load_manifest, look_up
from opendr_perception.zoo.store import State, path_of, require, state_of

MAX_FILE_SIZE = 1 << 30


def pack(target: Path, names: Iterable[str] | None = None, cache: Cache | None = None) -> list[str]:
    """Write models with their receipts into a tar file.

    Args:
        target: the tar file.
        names: of models; by default all that are ready.
        cache: the user's by default.

    Returns:
        Names of the models in it.

    Raises:
        ModelMissing: a chosen model is not ready, or none is.
        ZooError: the file cannot be written.
    """
    manifest, cache = load_manifest(), cache or default_cache()
    if names is None:
        entries = [e for e in manifest.models.values() if state_of(e, path_of(e, cache)) is State.READY]
    else:
        entries = [look_up(manifest.models, require(name, cache).name) for name in names]
    if not entries:
        raise ModelMissing("there are no models to pack; run: opendr-perception models fetch")
    with file_errors(target.parent), tempfile.TemporaryDirectory(dir=target.parent, prefix=".pack-") as directory:
        unfinished = Path(directory) / target.name
        with tarfile.open(unfinished, "w") as tar:
            for entry in entries:
                path = path_of(entry, cache)
                for member in (path, path.with_suffix(".json")):
                    header = tarfile.TarInfo(member.name)  # no owner, no time: the same models give the same bytes
                    header.size = member.stat().st_size
                    with member.open("rb") as file:
                        tar.addfile(header, file)
        store(unfinished, target)
    return [entry.name for entry in entries]


def unpack(source: Path, cache: Cache | None = None) -> list[str]:
    """Take models from a tar file into the cache; nothing becomes visible before all of it has been checked.

    Args:
        source: a file written by `pack`.
        cache: the user's by default.

    Returns:
        Names of the models in it.

    Raises:
        ModelCorrupt: it holds something else than models of this package's version with fitting hashes.
        ZooError: it cannot be read, or the cache cannot be written.
    """
    cache = cache or default_cache()
    if not source.is_file():
        raise ZooError(f"{source} does not exist")
    with cache.workspace() as workspace:
        names = _extract(source, workspace)
        entries = [load_manifest().models[name] for name in sorted({Path(name).stem for name in names})]
        for entry in entries:
            _check(entry, workspace, source)
        for entry in entries:
            path = path_of(entry, cache)
            store(workspace / path.name, path)
            store(workspace / f"{entry.name}.json", path.with_suffix(".json"))
    return [entry.name for entry in entries]


def _extract(source: Path, directory: Path) -> set[str]:
    """Copy the members out; only plain files with the name of a model or of its receipt are let through."""
    allowed = {f"{name}{suffix}" for name in load_manifest().models for suffix in (".onnx", ".json")}
    names: set[str] = set()
    try:
        with tarfile.open(source, "r:") as tar:
            for member in tar:
                if member.name not in allowed or member.name in names or not member.isreg():
                    raise ModelCorrupt(f"{source} holds '{member.name}', which is not a model of this package")
                if member.size > MAX_FILE_SIZE:
                    raise ModelCorrupt(f"{source}: '{member.name}' is larger than any model")
                content = tar.extractfile(member)
                assert content is not None
                with (directory / member.name).open("wb") as file:
                    shutil.copyfileobj(content, file)
                names.add(member.name)
    except tarfile.TarError as error:
        raise ModelCorrupt(f"{source} is not a tar file, or is cut off: {error}") from error
    return names


def _check(entry: ModelEntry, directory: Path, source: Path) -> None:
    state = state_of(entry, directory / f"{entry.name}.onnx")
    if state is State.OUTDATED:
        raise ModelMissing(f"{source}: model '{entry.name}' was packed by another version of opendr_perception")
    if state is not State.READY:
        raise ModelCorrupt(f"{source}: model '{entry.name}' is {state.value}")
