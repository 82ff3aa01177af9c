"""The parts of a person's mesh: head, eyes, hair, clothes, hands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from morphs import Floats, Ints, Morphs

Mesh = tuple[Floats, Ints]
"""Vertices (V, 3) and triangles (F, 3)."""
Place = npt.NDArray[np.float64]
Choice = Callable[[Place], npt.NDArray[np.bool_]]
"""Tells for places of the base mesh, (N, 3), which to take."""

AXIS = 0.3
"""dm, how far before the origin the vertical axis of the head stands."""
HEAD_BOTTOM, HEAD_TOP = 5.0, 8.6
"""dm, of the base mesh: what the texture of the head covers."""
WAIST, SHOES = 0.95, -7.55
"""dm, of the base mesh: where a shirt and where shoes end."""
BODY_VERTICES = 13380
"""The first so many of the base mesh are the body; clothes and hair follow."""
NECK = 0.8
"""dm, how far around the middle of the base mesh a collar reaches."""
HAND_CELL = 0.11
"""dm, of the base mesh: to what hands are simplified."""


def select(morphs: Morphs, group: str, keep: Choice) -> Ints:
    """Triangles of a part of the mesh, (F, 3), those whose quads' centres in the base mesh are kept."""
    corners = morphs.triangles(group)[0]
    return corners[keep(quad_centres(morphs, corners))]


def quad_centres(morphs: Morphs, corners: Ints) -> Place:
    """For each triangle the centre, in the base mesh, of the quad that it is half of; so that edges are no saws."""
    centres = morphs.vertices[corners].mean(1)
    return np.repeat(centres.reshape(-1, 2, 3).mean(1), 2, axis=0)


def compact(vertices: Floats, triangles: Ints) -> Mesh:
    """Only the vertices that triangles use."""
    used, renamed = np.unique(triangles, return_inverse=True)
    return vertices[used], renamed.reshape(triangles.shape)


def head_triangles(morphs: Morphs) -> Ints:
    """Head and neck, and so much of the shoulders as shows in a neckline."""
    return select(morphs, "body", lambda c: (c[:, 1] > 5.2) & (np.abs(c[:, 0]) < 1.5))


def head_texcoords(template: Floats) -> Floats:
    """Texture coordinates (V, 2) of the vertices of the head (V, 3) of the base mesh.

    Around the head with the face in the middle, which gets more than its share; the back is at both sides.
    """
    angle = np.arctan2(template[:, 0], template[:, 2] - AXIS) / np.pi
    u = 0.5 + 0.5 * np.sign(angle) * np.abs(angle) ** 0.75
    return np.stack([u, (HEAD_TOP - template[:, 1]) / (HEAD_TOP - HEAD_BOTTOM)], axis=1)


def close_seam(mesh: Mesh, texcoords: Floats) -> tuple[Floats, Ints, Floats]:
    """Give triangles that cross the back of the head vertices of their own, beyond the border of the texture."""
    vertices, triangles = mesh
    u = texcoords[triangles, 0]
    crossing = u.max(1) - u.min(1) > 0.5
    low = crossing[:, None] & (u < 0.5)
    twins = np.unique(triangles[low])
    rename = np.arange(len(vertices))
    rename[twins] = len(vertices) + np.arange(len(twins))
    triangles = np.where(low, rename[triangles], triangles)
    return (
        np.concatenate([vertices, vertices[twins]]),
        triangles,
        np.concatenate([texcoords, texcoords[twins] + [1.0, 0.0]]),
    )


def simplify(template: Floats, mesh: Mesh, cell: float) -> Mesh:
    """Merge vertices that share a cell of a grid over the base mesh."""
    vertices, triangles = mesh
    _, group, counts = np.unique(np.floor(template / cell).astype(int), axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    merged = np.stack([np.bincount(group, axis) for axis in vertices.T], axis=1) / counts[:, None]
    faces = group[triangles]
    proper = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return compact(merged, faces[proper])


def normals(vertices: Floats, triangles: Ints) -> Floats:
    """Unit normals of vertices, (V, 3)."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    areas = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(total, triangles[:, i], areas)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def hands(morphs: Morphs, vertices: Floats) -> Mesh:
    """Both hands, simplified."""
    corners = morphs.triangles("body")[0]
    weight = morphs.weights(("wrist", "finger", "metacarpal"))
    chosen = corners[weight[corners].mean(1) > 0.3]
    used = np.unique(chosen)
    return simplify(morphs.vertices[used], compact(vertices, chosen), HAND_CELL)


def forearms(morphs: Morphs, corners: Ints) -> npt.NDArray[np.bool_]:
    """Mask of the triangles below short sleeves."""
    return np.asarray(morphs.weights(("lowerarm", "wrist", "finger", "metacarpal"))[corners].mean(1) > 0.5)


def hair(morphs: Morphs, vertices: Floats, hairline: Callable[[Place], Floats], thickness: float, seed: int) -> Mesh:
    """Hair that follows the head.

    Args:
        morphs: The base mesh.
        vertices: Of the body, (N, 3) dm.
        hairline: Tells for vertices of the base mesh how full the hair is there, 0 (none) to 1, negative outside.
        thickness: dm.
        seed: Of the locks.
    """
    corners = select(morphs, "body", lambda c: (c[:, 1] > 5.9) & (np.abs(c[:, 0]) < 0.9))
    fullness = hairline(morphs.vertices)
    corners = corners[(fullness[corners] > -0.2).all(1)]
    rng = np.random.default_rng(seed)
    turns = [(rng.normal(), rng.normal(0, 7, 3), rng.uniform(0, 6.28)) for _ in range(6)]
    waves = sum(size * np.sin(morphs.vertices @ direction + phase) for size, direction, phase in turns)
    lift = thickness * np.clip(fullness, -0.2, 1) * (1 + 0.12 * waves)
    lifted = vertices + normals(vertices, morphs.triangles("body")[0]) * lift[:, None]
    return compact(lifted, corners)


def falling_hair(morphs: Morphs, vertices: Floats, thickness: float, end: float, seed: int) -> Mesh:
    """Hair that hangs around the back of the head, over the ears.

    Args:
        morphs: The base mesh.
        vertices: Of the body, (N, 3) dm.
        thickness: dm.
        end: Height on the base mesh at which it ends, dm.
        seed: Of the locks.
    """
    around = (np.abs(morphs.vertices[:, 1] - 7.4) < 0.5) & (np.arange(len(vertices)) < BODY_VERTICES)
    low, high = vertices[around].min(0), vertices[around].max(0)
    scale = (high[1] - low[1]) / 1.0
    half = (high[0] - low[0]) / 2 + thickness
    back = -(low[2] - thickness)
    rng = np.random.default_rng(seed)
    phases = rng.uniform(0, 6.28, 3)
    heights = np.linspace(8.05, end, 16)
    angles = np.linspace(-0.5, np.pi + 0.5, 48)
    rows = []
    for height in heights:
        taper = 1 - 0.55 * np.clip((height - 7.5) / 0.55, 0, 1) ** 2
        locks = 1 + 0.025 * sum(np.sin((11 + 6 * i) * angles + phases[i] + 0.8 * height) for i in range(3))
        x = half * taper * locks * np.cos(angles)
        z = 0.35 * scale - (back + 0.35 * scale) * taper * locks * np.sin(angles)
        y = np.full_like(angles, low[1] + (height - 6.9) * scale)
        rows.append(np.stack([x, y, z], axis=1))
    count = len(angles)
    grid = np.arange(len(rows) * count).reshape(len(rows), count)
    a, b, c, d = grid[:-1, :-1].ravel(), grid[:-1, 1:].ravel(), grid[1:, 1:].ravel(), grid[1:, :-1].ravel()
    outside = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    points = np.concatenate(rows)
    # Seen from both sides: MuJoCo does not draw the backs of triangles.
    return np.concatenate([points, points * [0.98, 1, 0.98]]), np.concatenate([outside, outside[:, ::-1] + len(points)])


def strand_texcoords(vertices: Floats) -> Floats:
    """Texture coordinates of vertices of hair (V, 3), dm, in a texture of strands that run from the crown down."""
    middle = (vertices.min(0) + vertices.max(0)) / 2
    angle = np.arctan2(vertices[:, 0], vertices[:, 2] - middle[2])
    return np.stack([3 * np.abs(angle) / np.pi, vertices[:, 1] / 2], axis=1)
