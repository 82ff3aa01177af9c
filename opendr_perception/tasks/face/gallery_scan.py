"""The images in the folders of a gallery, and what lies there that is not taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.tasks.face.gallery import RESERVED, is_name, normal_name
from opendr_perception.tasks.imaging import SUFFIXES, printable

OTHER_IMAGES = (
    *(".heic", ".heif", ".avif", ".gif", ".tif", ".tiff", ".jxl", ".jp2", ".psd", ".svg", ".ppm", ".pgm"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".raw", ".mp4", ".mov"),
)
"""Ends of names of what people take for an image of a person, and is not read."""


@dataclass(frozen=True)
class Contents:
    """Contents of the folders.

    Args:
        images: the person of every image, by its path below the gallery.
        skipped: one line with the remedy for everything that was probably meant to be taken.
    """

    images: dict[str, str]
    skipped: tuple[str, ...]


def scan(path: Path) -> Contents:
    """Look through a gallery; links are not followed, and hidden files are passed over in silence.

    Raises:
        OSError: the folder cannot be read.
    """
    images: dict[str, str] = {}
    skipped: list[str] = []
    for entry in _entries(path):
        if entry.name in RESERVED:
            continue
        problem = _problem_of_folder(entry)
        if problem is None:
            _scan_person(entry, images, skipped)
        elif problem:
            skipped.append(f"{printable(entry.path)} is skipped: {problem}")
    return Contents(images, tuple(skipped))


def folders_of(path: Path, name: str) -> list[Path]:
    """Every folder or link of a gallery that stands for a person, in whatever way its name is written."""
    return [Path(entry.path) for entry in _entries(path) if normal_name(entry.name) == name]


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    if path.is_dir():
        yield from sorted((e for e in os.scandir(path) if not e.name.startswith(".")), key=lambda entry: entry.name)


def _problem_of_folder(entry: os.DirEntry[str]) -> str | None:
    """None for a person's folder; why an entry is none; '' when nobody would have meant it."""
    if entry.is_symlink():
        return "it is a link; copy what it leads to into a folder here"
    if not entry.is_dir():
        return "it lies in no person's folder; move it into one" if _looks_like_image(entry.name) else ""
    if not is_name(entry.name):
        return "nobody can be called so; rename the folder to the person's name"
    return None


def _scan_person(folder: os.DirEntry[str], images: dict[str, str], skipped: list[str]) -> None:
    try:
        entries = list(_entries(Path(folder.path)))
    except OSError as error:
        skipped.append(f"{folder.path} is skipped: {error.strerror}; make it readable")
        return
    for entry in entries:
        if problem := _problem_of_image(entry):
            skipped.append(f"{printable(entry.path)} is skipped: {problem}")
        elif _is_image(entry.name):
            images[f"{folder.name}/{entry.name}"] = normal_name(folder.name)


def _problem_of_image(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "it is a link; copy what it leads to"
    if entry.is_dir():
        return "it is a folder within a person's folder; move its images up"
    if not _is_image(entry.name):
        return "it is of no kind that is read; convert it to JPEG or PNG" if _looks_like_image(entry.name) else ""
    if not entry.is_file():
        return "it is no plain file"
    if printable(entry.name) != entry.name:
        return "its name is not UTF-8; rename it"
    return ""


def _is_image(name: str) -> bool:
    return name.lower().endswith(tuple(SUFFIXES))


def _looks_like_image(name: str) -> bool:
    return _is_image(name) or name.lower().endswith(OTHER_IMAGES)
