"""Recorded signals from CSV, npz, EDF and WFDB files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from opendr_perception.arrays import open_arrays
from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.signals.edf import read_edf
from opendr_perception.tasks.signals.recording import SignalError, SignalRecording
from opendr_perception.tasks.signals.wfdb import read_wfdb

TIMES = {"time", "t", "timestamp", "seconds", "s"}
"""Names of a column of a CSV file that has times in seconds."""
MOST_CHANNELS = 255
"""As a message can say."""


def read_signal(path: Path, rate: float = 0.0) -> SignalRecording:
    """Read a recording.

    Args:
        path: .csv (a row for each sample; names and a column of times in seconds are optional), .npz (an array, and a
            number `rate`), .edf, or the .hea of a WFDB record.
        rate: Hz, where the file does not tell; another one than it tells is an error.

    Raises:
        SignalError: it cannot be read, or its rate is not known.
    """
    reader = READERS.get(path.suffix.lower())
    try:
        if reader is None:
            raise SignalError(f"a file must end with {', '.join(READERS)}")
        found = reader(path)
        if found.samples.ndim != 2 or not found.samples.size or found.samples.shape[1] > MOST_CHANNELS:
            raise SignalError(f"its shape {found.samples.shape} is none of samples and channels")
        if rate and found.rate and abs(rate / found.rate - 1) > 1e-3:
            raise SignalError(f"it says {found.rate:g} Hz, not {rate:g}")
        if not 0 < (found.rate or rate) < 1e6:
            raise SignalError("its rate is not known: set the parameter rate")
    except SignalError as error:
        raise SignalError(f"{printable(path)}: {error}") from error
    except (OSError, ValueError, IndexError, KeyError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0] or type(error).__name__
        raise SignalError(f"{printable(path)}: cannot be read: {reason}") from error
    return replace(found, rate=found.rate or rate)


def _read_csv(path: Path) -> SignalRecording:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row and not row[0].startswith("#")]
    if not rows:
        raise SignalError("it is empty")
    named = any(_number(cell) is None for cell in rows[0])
    names = [cell.strip() for cell in rows[0]] if named else [str(k) for k in range(len(rows[0]))]
    table: np.ndarray = np.full((len(rows) - named, len(names)), np.nan)
    for place, row in enumerate(rows[named:]):
        if len(row) != len(names):
            raise SignalError(f"row {place + named + 1} has {len(row)} cells, not {len(names)}")
        table[place] = [np.nan if value is None else value for value in map(_number, row)]
    times = [k for k, name in enumerate(names) if name.lower() in TIMES]
    rate = 0.0
    if times:
        column = table[:, times[0]]
        steps = np.diff(column)
        if not len(steps) or not np.all(np.abs(steps - np.median(steps)) < 0.5 * abs(np.median(steps))):
            raise SignalError(f"the times in column '{names[times[0]]}' are not evenly spaced seconds")
        rate = round(float((len(column) - 1) / (column[-1] - column[0])), 6)
        table = np.delete(table, times[0], axis=1)
        names.pop(times[0])
    return SignalRecording(table.astype(np.float32), rate, tuple(names), "")


def _number(cell: str) -> float | None:
    """The number in a cell; NaN in an empty one, None where it is a word."""
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        return None


def _read_npz(path: Path) -> SignalRecording:
    with open_arrays(path) as arrays:
        signals = [name for name in arrays if arrays[name].ndim in (1, 2) and arrays[name].size > 1]
        rates = [name for name in arrays if name.lower() in {"rate", "fs", "sample_rate"}]
        if not signals:
            raise SignalError(f"it has no array of samples, but {', '.join(arrays) or 'nothing'}")
        samples = np.asarray(arrays[signals[0]], np.float32)
        rate = float(arrays[rates[0]].item()) if rates else 0.0
    columns = samples[:, None] if samples.ndim == 1 else samples
    return SignalRecording(columns, rate, tuple(map(str, range(columns.shape[1]))), "")


READERS = {".csv": _read_csv, ".npz": _read_npz, ".edf": read_edf, ".hea": read_wfdb}
