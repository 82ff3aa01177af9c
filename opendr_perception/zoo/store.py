"""Models and samples that are ready to use, found without any network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from opendr_perception.zoo.cache import Cache, default_cache, file_errors, sha256_of
from opendr_perception.zoo.errors import ModelCorrupt, ModelMissing, ZooError
from opendr_perception.zoo.manifest import Entry, ModelEntry, OwnEntry, load_manifest, look_up

WEIGHTS = Path(__file__).with_name("weights")
"""Models that come with this package."""


class State(Enum):
    """Whether a file of the cache can be used."""

    READY = "ready"
    MISSING = "missing"
    OUTDATED = "outdated"
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
    entry: ModelEntry | OwnEntry | None


@dataclass(frozen=True)
class Receipt:
    """What is known about a converted file, stored next to it.

    Attributes:
        sha256, size: of the ONNX file; the size in bytes.
        fingerprint: of the manifest entry and converter that it was made with.
    """

    sha256: str
    size: int
    fingerprint: str

    @classmethod
    def of(cls, path: Path, entry: ModelEntry) -> Receipt:
        """The receipt of a file that has just been made from `entry`."""
        return cls(sha256_of(path), path.stat().st_size, entry.fingerprint)

    @classmethod
    def read(cls, path: Path) -> Receipt:
        """Read a receipt.

        Raises:
            ValueError: it is not a receipt.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except TypeError as error:
            raise ValueError(f"{path} is not a receipt") from error

    def write(self, path: Path) -> None:
        """Write a receipt; the file must not have its final name yet."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def require(name: str, cache: Cache | None = None) -> ModelFile:
    """Find a model for use; never downloads.

    Args:
        name: of the manifest, or the path of a user's own .onnx file, which is taken as it is.
        cache: the user's by default.

    Raises:
        ModelMissing: it is not there, or made by another version of this package.
        ModelCorrupt: it is not what was stored.
    """
    if name.endswith(".onnx"):
        if not Path(name).is_file():
            raise ModelMissing(f"model file {name} does not exist")
        return ModelFile(Path(name).stem, Path(name), None)
    manifest = load_manifest()
    models: dict[str, ModelEntry | OwnEntry] = {**manifest.models, **manifest.own}
    entry = look_up(models, name)
    path = path_of(entry, cache or default_cache())
    remedy = "install this package again" if name in manifest.own else f"run: opendr-perception models fetch {name}"
    state = state_of(entry, path)
    if state is State.CORRUPT:
        raise ModelCorrupt(f"model '{name}': {path} is corrupt; {remedy}")
    if state is not State.READY:
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
    if state is not State.READY:
        raise ZooError(f"sample '{name}': {path} is {state.value}; run: opendr-perception models fetch {name}")
    return path


def path_of(entry: Entry, cache: Cache) -> Path:
    """Where a model or sample lies; the receipt of a converted model lies next to it, as .json."""
    if isinstance(entry, OwnEntry):
        return WEIGHTS / entry.file
    return cache.models / f"{entry.name}.onnx" if isinstance(entry, ModelEntry) else cache.samples / entry.name


def state_of(entry: Entry, path: Path) -> State:
    """Whether the file at `path` is that model or sample, by its hash.

    Raises:
        ZooError: the file is there but cannot be read.
    """
    with file_errors(path):
        return _state_of(entry, path)


def _state_of(entry: Entry, path: Path) -> State:
    if not path.is_file():
        return State.MISSING
    if not isinstance(entry, ModelEntry):
        return State.READY if sha256_of(path) == entry.sha256 else State.CORRUPT
    receipt_path = path.with_suffix(".json")
    if not receipt_path.is_file():
        return State.MISSING
    try:
        receipt = Receipt.read(receipt_path)
    except ValueError:
        return State.CORRUPT
    if receipt.fingerprint != entry.fingerprint:
        return State.OUTDATED
    intact = path.stat().st_size == receipt.size and sha256_of(path) == receipt.sha256
    return State.READY if intact else State.CORRUPT
