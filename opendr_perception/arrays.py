"""Files of arrays (.npz, .npy) from outside, of which nothing is unpickled and every kind of damage is one error."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib.npyio import NpzFile

WRONG = "no file of arrays (.npz, .npy), or a damaged one"


@contextmanager
def open_arrays(file: Path | IO[bytes]) -> Iterator[Mapping[str, np.ndarray]]:
    """Open an archive: arrays are read when they are asked for by name.

    Raises:
        ValueError: it is no archive of arrays, or is damaged where it was read.
        KeyError: it has no array of a name.
        OSError: it cannot be opened.
    """
    if isinstance(file, Path):
        with file.open("rb") as stream, open_arrays(stream) as arrays:
            yield arrays
        return
    archive = _load(file)
    if not isinstance(archive, NpzFile):
        raise ValueError("a single array, not an archive of arrays (.npz)")
    try:
        with archive:
            yield archive
    except (EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{WRONG}: {error}") from error


def read_array(path: Path) -> np.ndarray:
    """Read a single array (.npy).

    Raises:
        ValueError: it is none, or is damaged.
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        array = _load(stream)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive of arrays, not a single one (.npy)")
        return array


def _load(stream: IO[bytes]) -> object:
    try:
        return np.load(stream, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile):  # numpy would advise to unpickle it
        raise ValueError(WRONG) from None
