"""Models and samples that are ready to use, found without any network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from opendr_perception.zoo import imported
from opendr_perception.zoo.cache import Cache, default_cache, file_errors, sha256_of
from opendr_perception.zoo.errors import ModelCorrupt, ModelMissing, ZooError
from opendr_perception.zoo.imported import ImportedEntry
from opendr_perception.zoo.manifest import Entry, ModelEntry, OwnEntry, load_manifest, look_up

WEIGHTS = Path(__file__).with_name("weights")
"""Models that come with this package."""


REMEDIES = {
    OwnEntry: "install this package again",
    ImportedEntry: "remove it and import it again (opendr-perception models remove, import)",
}


class FileState(Enum):
    """Validity of a file of the cache."""

    READY = "ready"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file on this machine.

    Attributes:
        name: of the model in the manifest, or the file's stem.
        path: of the file.
        entry: what the manifest says of it; None for a file of the user's own.
    """

    name: str
    path: Path
    entry: ModelEntry | OwnEntry | ImportedEntry | None


def require(name: str, cache: Cache | None = None) -> ModelFile:
    """Find a model for use; never downloads.

    Args:
        name: of the manifest or of an imported model, or the path of a user's own .onnx file, which is taken as it is.
        cache: the user's by default.

    Raises:
        ModelMissing: it is not there.
        ModelCorrupt: its sha256 is not the one that the manifest pins, or that was kept when it was imported.
    """
    if name.endswith(".onnx"):
        if not Path(name).is_file():
            raise ModelMissing(f"model file {name} does not exist")
        return ModelFile(Path(name).stem, Path(name), None)
    manifest, cache = load_manifest(), cache or default_cache()
    models: dict[str, ModelEntry | OwnEntry | ImportedEntry] = {**manifest.models, **manifest.own}
    if name not in models:
        models |= imported.load(cache)
    entry = look_up(models, name)
    path = path_of(entry, cache)
    remedy = REMEDIES.get(type(entry), f"run: opendr-perception models fetch {name}")
    state = state_of(entry, path)
    if state is FileState.CORRUPT:
        raise ModelCorrupt(f"model '{name}': {path} is corrupt, or of another version of this package; {remedy}")
    if state is not FileState.READY:
        raise ModelMissing(f"model '{name}': {path} is {state.value}; {remedy}")
    return ModelFile(name, path, entry)


def sample(name: str, cache: Cache | None = None) -> Path:
    """Find a recording for use; never downloads.

    Raises:
        ZooError: it is not there or corrupt.
    """
    entry = look_up(load_manifest().samples, name)
    path = path_of(entry, cache or default_cache())
    state = state_of(entry, path)
    if state is not FileState.READY:
        raise ZooError(f"sample '{name}': {path} is {state.value}; run: opendr-perception models fetch {name}")
    return path


def path_of(entry: Entry | ImportedEntry, cache: Cache) -> Path:
    """Path of a model or sample."""
    if isinstance(entry, ImportedEntry):
        return imported.path_of(entry.name, cache)
    if isinstance(entry, OwnEntry):
        return WEIGHTS / entry.file
    return cache.models / f"{entry.name}.onnx" if isinstance(entry, ModelEntry) else cache.samples / entry.name


def state_of(entry: Entry | ImportedEntry, path: Path) -> FileState:
    """Check that the file at `path` is that model or sample, by the hash that is pinned.

    Raises:
        ZooError: the file is there but cannot be read.
    """
    with file_errors(path):
        if not path.is_file():
            return FileState.MISSING
        return FileState.READY if sha256_of(path) == entry.sha256 else FileState.CORRUPT
