"""Carry converted models to a robot without a network, in one tar file.

Its first member, `contents.json`, names all others with their sha256: what is cut off or damaged is known by it.
What may be loaded under the names of this package is decided by its manifest alone; models that were imported come with
what was kept of them, under names of their own, and are run once before they are taken.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from opendr_perception.files import store
from opendr_perception.zoo import golden, imported
from opendr_perception.zoo.cache import Cache, default_cache, file_errors, sha256_of
from opendr_perception.zoo.errors import ModelCorrupt, ModelMissing, ZooError
from opendr_perception.zoo.imported import ImportedEntry
from opendr_perception.zoo.manifest import ModelEntry, load_manifest, look_up
from opendr_perception.zoo.store import FileState, path_of, require, state_of

CONTENTS = "contents.json"
FORMAT = 2  # packs of format 1 had receipts instead of a table of contents
LARGEST_CONTENTS = 1 << 20
Packed = ModelEntry | ImportedEntry
"""Models that a pack carries; those that come with this package are there already."""
LARGEST_MODEL = 1 << 30


def pack(target: Path, names: Iterable[str] | None = None, cache: Cache | None = None) -> list[str]:
    """Write models into a tar file.

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
    cache = cache or default_cache()
    known: dict[str, Packed] = {**load_manifest().models, **imported.load(cache)}
    if names is None:
        entries = [e for e in known.values() if state_of(e, path_of(e, cache)) is FileState.READY]
    else:
        entries = [look_up(known, require(name, cache).name) for name in names]
    if not entries:
        raise ModelMissing("there are no models to pack; run: opendr-perception models fetch")
    own = {entry.name: entry for entry in entries if isinstance(entry, ImportedEntry)}
    contents = {
        "format": FORMAT,
        "files": {_member(entry): entry.sha256 for entry in entries},
        **({"imported": imported.as_fields(own)} if own else {}),
    }
    table = (json.dumps(contents, indent=1) + "\n").encode()
    with file_errors(target.parent), tempfile.TemporaryDirectory(dir=target.parent, prefix=".pack-") as directory:
        unfinished = Path(directory) / target.name
        with tarfile.open(unfinished, "w") as tar:
            _add(tar, CONTENTS, io.BytesIO(table), len(table))
            for entry in entries:
                with path_of(entry, cache).open("rb") as file:
                    _add(tar, _member(entry), file, path_of(entry, cache).stat().st_size)
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
        ModelCorrupt: it is cut off or damaged, or holds other files than those that the manifest pins.
        ZooError: it cannot be read, or the cache cannot be written.
    """
    cache = cache or default_cache()
    if not source.is_file():
        raise ZooError(f"{source} does not exist")
    with cache.workspace() as workspace:
        try:
            with tarfile.open(source, "r:") as tar:
                entries = _extract(tar, workspace)
        except (tarfile.TarError, ValueError, EOFError, RecursionError) as error:
            raise ModelCorrupt(
                f"{source} is not a pack of models, or damaged: {error}; nothing was unpacked"
            ) from error
        except ModelCorrupt as error:
            raise ModelCorrupt(f"{source}: {error}; nothing was unpacked") from error
        taken = _imported(entries, workspace, cache)
        for entry in entries:
            store(workspace / _member(entry), path_of(entry, cache))
        if taken:
            imported.save({**imported.load(cache), **taken}, cache)
    return [entry.name for entry in entries]


def _imported(entries: Iterable[Packed], workspace: Path, cache: Cache) -> dict[str, ImportedEntry]:
    """The imported models of a pack, which compute what they did where they were imported."""
    present = imported.load(cache)
    own = {entry.name: entry for entry in entries if isinstance(entry, ImportedEntry)}
    for name, entry in own.items():
        if name in present and present[name].sha256 != entry.sha256:
            raise ZooError(
                f"'{name}' is imported already, and is another model; run: opendr-perception models remove {name}; "
                "nothing was unpacked"
            )
        golden.check_imported(entry, workspace / _member(entry))
    return own


def _extract(tar: tarfile.TarFile, directory: Path) -> list[Packed]:
    """Copy all models out, and check them."""
    entries = _listed(tar)
    missing = {_member(entry): entry for entry in entries}
    while member := tar.next():
        if member.name not in missing:
            raise ModelCorrupt(f"it holds '{member.name}', which is not in its table of contents, or twice")
        entry = missing.pop(member.name)
        with (directory / member.name).open("wb") as file:
            file.write(_content(tar, member, LARGEST_MODEL))
        if sha256_of(directory / member.name) != entry.sha256:
            raise ModelCorrupt(f"model '{entry.name}' is damaged")
    if missing:
        raise ModelCorrupt(f"it is cut off, or damaged: {', '.join(missing)} is missing")
    return entries


def _listed(tar: tarfile.TarFile) -> list[Packed]:
    """The models of the table of contents, all of which are known here."""
    first = tar.next()
    if first is None or first.name != CONTENTS:
        raise ModelCorrupt("it does not begin with a table of contents; pack the models again with this version")
    contents = json.loads(_content(tar, first, LARGEST_CONTENTS))
    if not isinstance(contents, Mapping) or contents.get("format") != FORMAT:
        raise ModelCorrupt("its table of contents is of another version of opendr_perception")
    files = contents.get("files")
    if not isinstance(files, Mapping) or not files:
        raise ModelCorrupt("its table of contents names no files")
    try:
        own = imported.parse(contents.get("imported", {}))
    except (TypeError, KeyError, AttributeError, ZooError) as error:
        raise ModelCorrupt(f"what it says of imported models is damaged: {error!r}") from error
    known: dict[str, Packed] = {_member(entry): entry for entry in load_manifest().models.values()}
    known |= {_member(entry): entry for entry in own.values()}
    for name, digest in files.items():
        if name not in known:
            raise ModelCorrupt(f"it holds '{name}', which is not a model of this package")
        if digest != known[name].sha256:
            raise ModelCorrupt(f"'{name}' is not the file that this version of opendr_perception pins")
    return [known[name] for name in files]


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, largest: int) -> bytes:
    file = tar.extractfile(member) if member.isreg() else None
    if file is None:
        raise ModelCorrupt(f"'{member.name}' is not a plain file")
    if member.size > largest:
        raise ModelCorrupt(f"'{member.name}' is larger than any that was packed")
    return file.read()


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    header = tarfile.TarInfo(name)  # no owner, no time: the same models give the same bytes
    header.size = size
    tar.addfile(header, content)


def _member(entry: Packed) -> str:
    return f"{entry.name}.onnx"
