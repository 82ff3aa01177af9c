"""Files are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendr_perception.files import replacing, write_text


def test_a_file_gets_its_name_once_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.npz"
    with replacing(path, ".npz") as unfinished:
        assert unfinished.suffix == ".npz"
        unfinished.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
