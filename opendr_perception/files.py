"""Files that are either whole or not there, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of what nobody but the user may read."""


def store(source: Path, target: Path) -> None:
    """Move a finished file to its final name, so that even a power cut leaves either all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(source)
    os.replace(source, target)
    sync(target.parent)


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """Give the place at which to write a file: it gets its name once all went well, else nothing of it is left.

    Args:
        path: the file.
        suffix: what the name of that place ends with, for writers that would append it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}{suffix}")
    try:
        yield unfinished
        store(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole, replacing the one that is there."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file as a whole, replacing the one that is there.

    Args:
        path: the file.
        content: all of it.
        mode: of the file, less the process's umask.
    """
    with replacing(path) as unfinished:
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, mode), "wb") as file:
            file.write(content)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
