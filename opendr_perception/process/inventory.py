"""Inventory of recordings, their hashes and the streams in them; and the manifest that records it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from opendr_perception.files import write_text
from opendr_perception.process.request import ProcessError, Request, canonical
from opendr_perception.process.sound import tracks
from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.recordings import VideoError, image_topics
from opendr_perception.tasks.sound import BAGS

MANIFEST = "manifest.json"
VERSION = 2
"""Of the layout of an output; another one is not continued."""
SOUNDS = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma"}
"""Suffixes of files that have nothing but sound."""


@dataclass(frozen=True)
class Unit:
    """A stream of a recording: what one worker does from its beginning to its end.

    Args:
        name: of its folder in the output.
        recording: absolute path.
        sha256: of the recording's files.
        topic: of its images or its sound in a bag; '' for films and folders.
        sound: it is sound.
    """

    name: str
    recording: str
    sha256: str
    topic: str = ""
    sound: bool = False

    @property
    def namespace(self) -> str:
        """Put before the topics of its results: that of its images or its sound."""
        return self.topic.removesuffix("/compressed").rpartition("/")[0]


def inventory(recordings: Sequence[str], images: bool = True, sound: bool = False) -> list[Unit]:
    """The streams of recordings, in their order.

    Args:
        recordings: bags, films, folders of images, files of sound.
        images: those of images are wanted.
        sound: those of sound are wanted.

    Raises:
        ProcessError: something is no recording, or is named twice; all that are wrong are named.
    """
    units: list[Unit] = []
    problems: list[str] = []
    seen: set[Path] = set()
    for recording in recordings:
        path = Path(recording).expanduser().resolve()
        try:
            if path in seen:
                raise VideoError(f"{printable(path)}: it is named twice")
            if not path.exists():
                raise VideoError(f"{printable(path)}: there is no such recording")
            seen.add(path)
            streams = _streams(path, images, sound)
            sha256 = sha256_of(path)
        except (VideoError, OSError) as error:
            problems.append(str(error))
            continue
        for topic, is_sound in streams:
            name = _name(path, topic, is_sound, sha256, {unit.name for unit in units})
            units.append(Unit(name, str(path), sha256, topic, is_sound))
    if problems:
        raise ProcessError("; ".join(problems))
    if not units:
        raise ProcessError("there is no recording to process")
    return units


def _streams(path: Path, images: bool, sound: bool) -> list[tuple[str, bool]]:
    """Topics of the streams of a recording, and whether they are sound.

    Raises:
        VideoError: there is none of those that are wanted, or images that cannot be read.
    """
    heard = [(topic, True) for topic in tracks(path)] if sound else []
    try:
        seen = _images(path) if images else []
    except VideoError:
        if not heard or not (path.suffix.lower() in SOUNDS or path.is_dir() or path.suffix in BAGS):
            raise
        seen = []  # there are none beside the sound
    if not seen and not heard:
        raise VideoError(f"{printable(path)}: no sound is in this recording")
    return [*seen, *heard]


def _images(path: Path) -> list[tuple[str, bool]]:
    topics = image_topics(str(path))
    return [(topic, False) for topic in (topics if topics is not None else [""])]


def _name(path: Path, topic: str, sound: bool, sha256: str, taken: set[str]) -> str:
    words = [path.stem if path.is_file() else path.name, *topic.removesuffix("/compressed").strip("/").split("/")[:-1]]
    words += ["sound"] if sound else []
    name = ".".join(filter(None, (re.sub(r"[^\w.-]+", "_", word).strip(".") for word in words))) or "recording"
    for candidate in (name, f"{name}.{sha256[:8]}"):
        if candidate not in taken and candidate != MANIFEST:
            return candidate
    number = 2
    while f"{name}.{sha256[:8]}.{number}" in taken:
        number += 1
    return f"{name}.{sha256[:8]}.{number}"


def sha256_of(path: Path) -> str:
    """Of a file, or of the names and contents of all files of a folder."""
    if path.is_file():
        return _digest(path)
    total = hashlib.sha256()
    for parent, folders, names in os.walk(path):
        folders.sort()
        for file in (Path(parent) / name for name in sorted(names)):
            line = f"{file.relative_to(path).as_posix()}\0{_digest(file)}\n"
            total.update(line.encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def manifest(request: Request, units: Sequence[Unit], models: Mapping[str, str], version: str) -> dict[str, object]:
    """The manifest, which is written before the first frame: everything that determines the results."""
    return {
        "layout": VERSION,
        "opendr_perception": version,
        "request": request.as_dict(),
        "models": dict(sorted(models.items())),
        "units": [asdict(unit) for unit in units],
    }


def begin(output: Path, wanted: Mapping[str, object], resume: bool) -> None:
    """Write the manifest of a new output, or make sure that one that is continued wants the same.

    Raises:
        ProcessError: there is something else in the output, or what it was made from has changed.
    """
    path = output / MANIFEST
    if not path.exists():
        others = sorted(entry.name for entry in output.iterdir() if not entry.name.startswith("."))
        if others:
            raise ProcessError(f"{output} is not empty (it has {others[0]}): choose another --output")
        write_text(path, canonical(wanted))
        return
    if not resume:
        raise ProcessError(f"{output} has results already: continue them by --resume, or choose another --output")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProcessError(f"{path} cannot be read: {error}; choose another --output") from error
    present = json.loads(canonical(wanted))
    changed = _difference(found, present)
    if changed:
        raise ProcessError(f"{changed}: results of both would be mixed; choose another --output")


def _difference(found: Mapping[str, object], present: Mapping[str, object]) -> str:
    """The change since the manifest was written, in words; '' for none."""
    before, now = (
        {str(unit["recording"]) + str(unit["topic"]): str(unit["sha256"]) for unit in _units(each)}
        for each in (found, present)
    )
    for recording, sha256 in now.items():
        if recording in before and before[recording] != sha256:
            return f"the recording {recording} has changed since the manifest was written"
    for part in ("layout", "opendr_perception", "models", "request", "units"):
        if found.get(part) != present.get(part):
            what = {"units": "recordings", "request": "nodes, parameters or formats", "opendr_perception": "version"}
            return f"other {what.get(part, part)} are wanted than the manifest has"
    return ""


def _units(manifest: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    units = manifest.get("units", [])
    return [unit for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []
