"""The European Data Format, EDF and EDF+ [Kemp 1992; Kemp and Olivan 2003]: 16-bit samples in equal records."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from opendr_perception.tasks.signals.recording import SignalError, SignalRecording

FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
"""Bytes of: label, transducer, unit, physical minimum, maximum, digital minimum, maximum, filter, samples, rest."""
LABEL, _, UNIT, LOW, HIGH, DIGITAL_LOW, DIGITAL_HIGH, _, SAMPLES, _ = range(10)


def read_edf(path: Path) -> SignalRecording:
    """Read all channels that have the rate of the first; annotations are left out, as are records that are cut off.

    Raises:
        SignalError: it is no EDF file.
    """
    data = path.read_bytes()
    if len(data) < 256 or not data[:8].strip() == b"0":
        raise SignalError("it is no EDF file")
    if data[192:197] == b"EDF+D":
        raise SignalError("its records do not follow each other (EDF+D), which is not supported")
    size, records, duration, count = (
        float(data[a:b].decode("ascii")) for a, b in ((184, 192), (236, 244), (244, 252), (252, 256))
    )
    signals, place, columns = int(count), 256, []
    for width in FIELDS:
        cells = [data[place + k * width : place + (k + 1) * width] for k in range(signals)]
        columns.append([cell.decode("latin-1").strip() for cell in cells])
        place += width * signals
    if place != size or duration <= 0 or signals < 1:
        raise SignalError("its header is damaged")
    widths = [int(cell) for cell in columns[SAMPLES]]
    frames = np.frombuffer(data[place:], "<i2", count=(len(data) - place) // 2)
    whole = len(frames) // sum(widths) if records < 0 else min(int(records), len(frames) // sum(widths))
    frames = frames[: whole * sum(widths)].reshape(whole, sum(widths))
    kept = [k for k in range(signals) if columns[LABEL][k] != "EDF Annotations"]
    kept = [k for k in kept if widths[k] == widths[kept[0]]]
    if not kept or not whole:
        raise SignalError("it has no samples")
    starts = np.cumsum([0, *widths])
    samples = [_physical(frames[:, starts[k] : starts[k + 1]].ravel(), columns, k) for k in kept]
    units = {columns[UNIT][k] for k in kept}
    names = tuple(columns[LABEL][k] for k in kept)
    return SignalRecording(
        np.stack(samples, 1), widths[kept[0]] / duration, names, units.pop() if len(units) == 1 else ""
    )


def _physical(digital: np.ndarray, columns: list[list[str]], k: int) -> np.ndarray:
    low, high, first, last = (float(columns[field][k]) for field in (LOW, HIGH, DIGITAL_LOW, DIGITAL_HIGH))
    if last <= first:
        raise SignalError(f"the digital range of '{columns[LABEL][k]}' is empty")
    physical: np.ndarray = (low + (digital.astype(np.float64) - first) * (high - low) / (last - first)).astype(
        np.float32
    )
    return physical
