"""Rows that say what is done when: a CSV file with columns `begin`, `end`, `label`, and `recording` for several ones.

    recording,begin,end,label
    monday.mp4,12.5,14.0,stop
    monday.mp4,1:03,1:05.5,come here

Times are seconds from the first frame of the recording, or minutes:seconds.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.evaluate.report import DatasetError

COLUMNS = ("begin", "end", "label")
LONGEST_LABEL = 40
SHORTEST = 0.3
"""Seconds of an action, at least."""


@dataclass(frozen=True)
class LabelRow:
    """Action in a recording.

    Attributes:
        begin, end: Seconds from the first frame.
        label: Its name.
        line: Of the file, from 1.
    """

    begin: float
    end: float
    label: str
    line: int


def read_labels(path: Path, recordings: Sequence[Path]) -> dict[Path, list[LabelRow]]:
    """Read the rows of each recording, in order of time.

    Args:
        path: The file.
        recordings: What rows may name, by the name of the file or the whole path.

    Raises:
        DatasetError: The file cannot be read, a row is wrong, or rows overlap; the text names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DatasetError(f"{path}: the first line names the columns; {', '.join(missing)} is not there")
            rows = [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    found: defaultdict[Path, list[LabelRow]] = defaultdict(list)
    for line, row in rows:
        if any(row.values()):
            found[_recording(path, line, row, recordings)].append(_row(path, line, row))
    if not found:
        raise DatasetError(f"{path} has no rows: nothing can be learned from it")
    for several in found.values():
        several.sort(key=lambda row: row.begin)
        _check_overlaps(path, several)
    return dict(found)


def _recording(path: Path, line: int, row: Mapping[str, str], recordings: Sequence[Path]) -> Path:
    name = row.get("recording", "")
    if not name and len(recordings) == 1:
        return recordings[0]
    if not name:
        raise DatasetError(
            f"{path}, line {line}: which of the {len(recordings)} recordings is it? Add a column recording"
        )
    chosen = [one for one in recordings if name in (one.name, str(one))]
    if len(chosen) != 1:
        known = ", ".join(one.name for one in recordings)
        raise DatasetError(f"{path}, line {line}: '{name}' is {'not ' if not chosen else 'more than '}one of {known}")
    return chosen[0]


def _row(path: Path, line: int, row: Mapping[str, str]) -> LabelRow:
    where = f"{path}, line {line}"
    begin, end, label = _seconds(where, row["begin"]), _seconds(where, row["end"]), row["label"]
    if not label:
        raise DatasetError(f"{where}: the label names nothing")
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise DatasetError(f"{where}: a label has up to {LONGEST_LABEL} printable letters, unlike {label[:50]!r}")
    if end - begin < SHORTEST:
        raise DatasetError(f"{where}: from {begin:g} to {end:g} s is no time: an action lasts {SHORTEST} s at least")
    return LabelRow(begin, end, label, line)


def _seconds(where: str, text: str) -> float:
    minutes, _, seconds = text.rpartition(":")
    try:
        value = 60.0 * float(minutes or 0) + float(seconds)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DatasetError(f"{where}: '{text}' is no time: write seconds, as 12.5, or minutes and seconds, as 1:02.5")
    return value


def _check_overlaps(path: Path, rows: Iterable[LabelRow]) -> None:
    before: LabelRow | None = None
    for row in rows:
        if before is not None and row.begin < before.end:
            first, second = sorted((before, row), key=lambda one: one.line)
            raise DatasetError(
                f"{path}: line {second.line} ({second.label}) overlaps line {first.line} ({first.label})"
            )
        before = row
