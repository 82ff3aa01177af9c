"""Kinds of faces: means of many faces each, which tell how common faces like one are.

An embedder tells some groups of people apart worse than others: those of whom it has seen few lie close together. Who
lies near to a mean of many unrelated faces has many look-alikes, enrolled or not. `kinds.npz` holds 64 means of
at least 15 faces of FER2013 each, made by `python -m opendr_perception.training.face.kinds`; nobody can be recognised
by them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt

from opendr_perception.arrays import open_arrays

Floats = npt.NDArray[np.float32]

FILE = "kinds.npz"


@cache
def kinds_of(model: str) -> Floats | None:
    """The means (k, 128) for a model's embeddings, or None: they are known of the package's own embedder only.

    Args:
        model: what a gallery notes of it: its name, and the beginning of its file's sha256.
    """
    own, means = _shipped()
    return means if model.split()[-1:] == [own] else None


@cache
def _shipped() -> tuple[str, Floats]:
    with as_file(files("opendr_perception.tasks.face") / FILE) as path, open_arrays(path) as data:
        return str(data["model"]), data["means"].astype(np.float32)


def nearest_kind(model: str, embeddings: Floats) -> Floats:
    """Distances (n,) of embeddings (n, d) to the nearest mean; infinite where none are known."""
    means = kinds_of(model)
    if means is None:
        return np.full(len(embeddings), np.inf, np.float32)
    squares = (
        np.einsum("nd,nd->n", embeddings, embeddings)[:, None]
        + np.einsum("kd,kd->k", means, means)
        - 2 * embeddings @ means.T
    )
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), np.float32)
