"""Simulated people who open their mouths, as far as a voice would have it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from opendr_perception.sim.people import PersonModel

AROUND = 0.09
"""m around the mouth in which the skin moves."""
CORNER = 0.026
"""m from the middle of the mouth to where both lips meet."""
NOSE, CHIN = (0.02, 0.0, 0.03), (0.0, 0.0, -0.04)
"""m from the mouth, forward, left and up."""


def with_open_mouth(person: PersonModel, opening: float) -> PersonModel:
    """The same person with the lower lip and the chin further down, in the middle of the mouth by `opening` metres.

    Raises:
        ValueError: it is less than 0, or more than 0.03.
    """
    if not 0 <= opening <= 0.03:
        raise ValueError(f"a mouth is open by 0 to 0.03 m, not by {opening}")
    head = person.parts["head"]
    moved = head.vertices.copy()
    moved[:, 2] -= opening * _jaw(head.vertices, head.triangles, np.array(person.mouth))
    return replace(person, parts={**person.parts, "head": replace(head, vertices=moved)})


def _jaw(
    vertices: npt.NDArray[np.float64], triangles: npt.NDArray[np.int32], mouth: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Share of each vertex (V,) that goes with the jaw, 0 to 1: those nearer to the chin than to the nose by the skin.

    So the lips part though they touch.
    """
    places, same = np.unique(np.round(vertices, 4), axis=0, return_inverse=True)
    same = same.reshape(-1)  # vertices of one place, split where the texture is
    edges = same[np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])]
    lengths = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1) + 1e-9
    graph = csr_matrix((lengths, edges.T), (len(places), len(places)))
    ends = [int(np.linalg.norm(places - mouth - end, axis=1).argmin()) for end in (NOSE, CHIN)]
    above, below = dijkstra(graph, directed=False, indices=ends)
    offset = places - mouth
    aside = np.clip(np.abs(offset[:, 1]) / CORNER, 0, 1)
    far = np.clip(np.linalg.norm(offset, axis=1) / AROUND, 0, 1)
    # Beside the mouth the skin is whole: there the share of the jaw grows little by little downwards.
    lip = np.where((below < above) & (offset[:, 2] < 0.01), np.cos(aside * np.pi / 2), 0.0)
    chin = np.clip(-offset[:, 2] / 0.03, 0, 1)
    weight = np.maximum(lip * (1 - chin), chin) * (1 - far**2)
    moved: npt.NDArray[np.float64] = weight[same]
    return moved
