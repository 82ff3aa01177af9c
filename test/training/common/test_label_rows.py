"""Rows of labels: what is wrong is named with its line, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.training.common.label_rows import LabelRow, read_labels

MONDAY, TUESDAY = Path("films/monday.mp4"), Path("films/tuesday.mp4")


def read(folder: Path, text: str, recordings: tuple[Path, ...] = (MONDAY,)) -> dict[Path, list[LabelRow]]:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return read_labels(path, recordings)


def test_rows_come_by_recording_and_in_order(tmp_path: Path) -> None:
    text = "recording,begin,end,label\ntuesday.mp4,1:02.5,64,stop\nmonday.mp4,5,6,come here\n\nmonday.mp4,2,3.5,stop\n"
    found = read(tmp_path, text, (MONDAY, TUESDAY))
    assert found[TUESDAY] == [LabelRow(62.5, 64.0, "stop", 2)]
    assert found[MONDAY] == [LabelRow(2.0, 3.5, "stop", 5), LabelRow(5.0, 6.0, "come here", 3)]


def test_one_recording_need_not_be_named_and_tables_of_other_programs_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffbegin,end,label,remark\n1,2,stop,good\n")[MONDAY] == [LabelRow(1.0, 2.0, "stop", 2)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("begin,end,label\n", "has no rows"),
        ("start,end,label\n1,2,a\n", "begin is not there"),
        ("begin,end,label\n1,2,\n", "line 2: the label names nothing"),
        ("begin,end,label\n1,2,  \n", "line 2: the label names nothing"),
        ("begin,end,label\n1,2,a\nx,3,b\n", "line 3: 'x' is no time"),
        ("begin,end,label\n-1,2,a\n", "line 2: '-1' is no time"),
        ("begin,end,label\nnan,2,a\n", "line 2: 'nan' is no time"),
        ("begin,end,label\n2,1,a\n", "line 2: from 2 to 1 s is no time"),
        ("begin,end,label\n4,6,b\n1,5,a\n", r"line 3 \(a\) overlaps line 2 \(b\)"),
        (f"begin,end,label\n1,2,{'x' * 41}\n", "up to 40 printable letters"),
        ("recording,begin,end,label\nsunday.mp4,1,2,a\n", "'sunday.mp4' is not one of monday.mp4"),
        ("begin,end,label\n1,2\n", "line 2: the label names nothing"),
    ],
)
def test_a_wrong_row_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=said):
        read(tmp_path, text)


def test_several_recordings_must_be_named_and_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="which of the 2 recordings is it"):
        read(tmp_path, "begin,end,label\n1,2,a\n", (MONDAY, TUESDAY))
    with pytest.raises(DatasetError, match="No such file"):
        read_labels(tmp_path / "nothing.csv", (MONDAY,))
