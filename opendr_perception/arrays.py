"""Files of arrays (.npz, .npy) from outside, of which nothing is unpickled and every kind of damage is one error."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.lib.npyio import NpzFile

WRONG = "no file of arrays (.npz, .npy), or a damaged one"
DAMAGE = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""Errors of numpy and zipfile; the third one speaks of kinds of archives that were never written here."""

Found = TypeVar("Found")


@contextmanager
def open_arrays(file: Path | IO[bytes]) -> Iterator[Mapping[str, np.ndarray]]:
    """Open an archive: arrays are read when they are asked for by name.

    Raises:
        ValueError: it is no archive of arrays, or is damaged where it was read.
        KeyError: it has no array of a name.
        OSError: it cannot be opened.
    """
    with file.open("rb") if isinstance(file, Path) else nullcontext(file) as stream:
        archive = _whole(lambda: np.load(stream, allow_pickle=False))
        if not isinstance(archive, NpzFile):
            raise ValueError("a single array, not an archive of arrays (.npz)")
        with archive:
            yield Arrays(archive)


class Arrays(Mapping[str, np.ndarray]):
    """Arrays of an open archive."""

    def __init__(self, archive: Mapping[str, np.ndarray]) -> None:
        self._archive = archive

    def __getitem__(self, name: str) -> np.ndarray:
        return _whole(lambda: self._archive[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive)

    def __len__(self) -> int:
        return len(self._archive)


def read_array(path: Path) -> np.ndarray:
    """Read a single array (.npy).

    Raises:
        ValueError: it is none, or is damaged.
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        array = _whole(lambda: np.load(stream, allow_pickle=False))
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive of arrays, not a single one (.npy)")
        return array


def _whole(read: Callable[[], Found]) -> Found:
    """Something read; the advice of numpy's errors, to unpickle it, is not handed on."""
    try:
        return read()
    except DAMAGE:
        raise ValueError(WRONG) from None
