"""Files that are either whole or not there, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def store(source: Path, target: Path) -> None:
    """Move a finished file to its final name, so that even a power cut leaves either all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sync(source)
    os.replace(source, target)
    _sync(target.parent)


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


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as a whole, replacing the one that is there."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
