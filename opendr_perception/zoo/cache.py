"""The directory of fetched files, in which nothing half-written ever has its final name."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.zoo.errors import ZooError
from opendr_perception.zoo.manifest import Package


def default_cache(environment: Mapping[str, str] = os.environ) -> Cache:
    """The user's cache: $OPENDR_PERCEPTION_CACHE, else below $XDG_CACHE_HOME, else below ~/.cache."""
    if chosen := environment.get("OPENDR_PERCEPTION_CACHE"):
        return Cache(Path(chosen).expanduser().absolute())
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Cache(Path(base).expanduser() / "opendr_perception")


@dataclass(frozen=True)
class Cache:
    """Paths of a cache directory, its lock and its space for unfinished work."""

    root: Path

    @property
    def archives(self) -> Path:
        """Packages as their registries deliver them."""
        return self.root / "archives"

    @property
    def models(self) -> Path:
        """Converted models."""
        return self.root / "models"

    @property
    def samples(self) -> Path:
        """Recordings."""
        return self.root / "samples"

    def archive(self, package: Package) -> Path:
        """Path of an archive of fixed content."""
        return self.archives / f"{package.name.replace('/', '-')}-{package.version}"

    @contextmanager
    def workspace(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """Give an empty directory on the same file system to the only process that may change the cache.

        What a killed process left behind is removed first. Errors of the file system leave as one clear line.

        Args:
            on_wait: called once when another process holds the cache; then it is waited for.

        Raises:
            ZooError: the disk is full, or the directory cannot be written.
        """
        with file_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / "lock").open("w") as lock:
                _acquire(lock.fileno(), on_wait)
                unfinished = self.root / "unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir(exist_ok=True)
                try:
                    yield Path(tempfile.mkdtemp(dir=unfinished))
                finally:
                    shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file system at or below `path` into one clear line.

    Raises:
        ZooError: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ZooError(f"no space left on the disk of {path}: make room and run the command again") from error
        raise ZooError(f"cannot use {path}: {error}") from error


def sha256_of(path: Path) -> str:
    """Hash a file, as lower-case hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _acquire(descriptor: int, on_wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
