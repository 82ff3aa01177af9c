"""Contents of the folders of a gallery: images are taken, and what was meant to be one is told of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opendr_perception.tasks.face.gallery_scan import scan


def put(path: Path, *places: str) -> None:
    for place in places:
        (path / place).parent.mkdir(parents=True, exist_ok=True)
        (path / place).write_bytes(b"")


def test_images_are_those_of_folders_that_can_be_names(tmp_path: Path) -> None:
    put(tmp_path, "Ann/a.JPG", "Ann/b.png", "Anna, PhD/c.jfif", "नेहा/d.webp")
    put(tmp_path, "Ann/notes.txt", "Ann/.c.png", "Ann/Thumbs.db", ".forgotten-1/d.png", "read me.txt", "embeddings.npz")
    found = scan(tmp_path)
    assert list(found.images) == ["Ann/a.JPG", "Ann/b.png", "Anna, PhD/c.jfif", "नेहा/d.webp"]
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("place", "named", "remedy"),
    [
        ("Ann/IMG_0001.HEIC", "Ann/IMG_0001.HEIC", "convert it to JPEG or PNG"),
        ("Ann/scan.tif", "Ann/scan.tif", "convert it to JPEG or PNG"),
        ("Team/Bob/a.png", "Team/Bob", "move its images up"),
        ("loose.jpg", "loose.jpg", "move it into one"),
        ("Ann: 2/a.png", "Ann: 2", "rename the folder"),
    ],
)
def test_what_is_skipped_is_said_in_one_line_with_the_remedy(
    tmp_path: Path, place: str, named: str, remedy: str
) -> None:
    put(tmp_path, place, "Eileen/a.png")
    found = scan(tmp_path)
    assert list(found.images) == ["Eileen/a.png"]
    (line,) = found.skipped
    assert line.startswith(f"{tmp_path / named} is skipped: ")
    assert line.endswith(remedy) or remedy in line


def test_links_pipes_and_names_that_are_no_text_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "Ann/a.png", "elsewhere.txt")
    (tmp_path / "Ann" / "b.png").symlink_to(tmp_path / "Ann" / "a.png")
    os.mkfifo(tmp_path / "Ann" / "c.png")
    put(tmp_path, os.fsdecode(b"Ann/caf\xe9.png"))
    found = scan(tmp_path)
    assert list(found.images) == ["Ann/a.png"]
    assert [line.split(": ", 1)[1] for line in found.skipped] == [
        "it is a link; copy what it leads to",
        "it is no plain file",
        "its name is not UTF-8; rename it",
    ]
    "".join(found.skipped).encode()


def test_a_gallery_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert scan(tmp_path / "absent").images == {}
