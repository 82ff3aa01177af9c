"""Models that a user has imported: what they are, and where they lie.

They are listed in `imported.json` of the cache, with the sha256 of what was checked when they were imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from opendr_perception.files import write_text
from opendr_perception.zoo.cache import Cache, file_errors
from opendr_perception.zoo.errors import ZooError
from opendr_perception.zoo.manifest import load_manifest

VERSION = 1
LARGEST_LIST = 1 << 24
TERMS = "the user's"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class OutputSamples:
    """Some values of an output for the test image.

    Attributes:
        at: places in the flattened output.
        values: there.
        tolerance: by which another machine may differ.
    """

    at: tuple[int, ...]
    values: tuple[float, ...]
    tolerance: float


@dataclass(frozen=True)
class ImportedEntry:
    """A model that a user has imported.

    Attributes:
        task: what it does, in words as in the manifest.
        format: of its outputs, which chooses the decoder.
        sha256: of the imported file.
        size: of the imported file in bytes.
        source: name of the file that it was made from.
        source_sha256: of that file.
        licence: as the user or the file says.
        image: (height, width) of the image for which `golden` was computed.
        golden: samples of each output for that image.
    """

    name: str
    task: str
    format: str
    sha256: str
    size: int
    source: str
    source_sha256: str
    licence: str
    image: tuple[int, int]
    golden: Mapping[str, OutputSamples]


def path_of(name: str, cache: Cache) -> Path:
    """Path of an imported model."""
    return cache.root / "imported" / f"{name}.onnx"


def load(cache: Cache) -> dict[str, ImportedEntry]:
    """All imported models by name.

    Raises:
        ZooError: the list is damaged.
    """
    path = _list(cache)
    with file_errors(path):
        if not path.is_file():
            return {}
        if path.stat().st_size > LARGEST_LIST:
            raise _damaged(path, "it is too large")
        text = path.read_bytes()
    try:
        content = json.loads(text)
        if content["version"] != VERSION:
            raise ValueError(f"it is of version {content['version']}")
        return parse(content["models"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, str(error) or repr(error)) from error


def save(entries: Mapping[str, ImportedEntry], cache: Cache) -> None:
    """Replace the list; only for who holds the workspace of the cache."""
    content = {"version": VERSION, "models": as_fields(entries)}
    write_text(_list(cache), json.dumps(content, indent=1, sort_keys=True) + "\n")


def as_fields(entries: Mapping[str, ImportedEntry]) -> dict[str, dict[str, object]]:
    """Entries as they are written down; `parse` reads them."""
    return {
        name: {key: value for key, value in asdict(entry).items() if key != "name"} for name, entry in entries.items()
    }


def parse(models: Mapping[str, Mapping[str, object]]) -> dict[str, ImportedEntry]:
    """Read what `as_fields` has written.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: a field is missing, or has another type.
        ZooError: a name cannot be used.
    """
    return {name: _entry(name, fields) for name, fields in models.items()}


def check_name(name: str) -> None:
    """Refuse names that cannot be used.

    Raises:
        ZooError: it is one of the package's own, or would be taken for a file.
    """
    if not NAME.fullmatch(name) or name.endswith(".onnx"):
        raise ZooError(
            f"'{name[:80]}' cannot be the name of a model: take up to 64 letters, digits, points, hyphens and "
            "underscores, without .onnx at the end (--name)"
        )
    if name in load_manifest().entries:
        raise ZooError(f"'{name}' is a model of this package: take another name (--name)")


def remove(name: str, cache: Cache) -> None:
    """Forget an imported model and delete its file.

    Raises:
        ZooError: there is none of that name, or the cache cannot be changed.
    """
    with cache.workspace():
        entries = load(cache)
        if name not in entries:
            raise ZooError(f"'{name[:80]}' is no imported model; imported are {', '.join(entries) or 'none'}")
        del entries[name]
        save(entries, cache)
        path_of(name, cache).unlink(missing_ok=True)


def _list(cache: Cache) -> Path:
    return cache.root / "imported.json"


def _entry(name: str, fields: Mapping[str, object]) -> ImportedEntry:
    """An entry of the list, checked."""
    check_name(name)
    texts = {key: fields[key] for key in ("task", "format", "sha256", "source", "source_sha256", "licence")}
    image, golden, size = fields["image"], fields["golden"], fields["size"]
    if not (
        all(isinstance(text, str) for text in texts.values())
        and (isinstance(image, list) and len(image) == 2 and all(isinstance(side, int) for side in image))
        and isinstance(golden, dict)
        and isinstance(size, int)
    ):
        raise ValueError(f"'{name}' has a field of another type")
    samples = {
        str(output): OutputSamples(
            tuple(map(int, each["at"])), tuple(map(float, each["values"])), float(each["tolerance"])
        )
        for output, each in golden.items()
    }
    strings = {key: str(text) for key, text in texts.items()}
    return ImportedEntry(name=name, size=size, image=(image[0], image[1]), golden=samples, **strings)


def _damaged(path: Path, problem: str) -> ZooError:
    return ZooError(f"{path} is damaged ({problem}): move it away and import the models again")
