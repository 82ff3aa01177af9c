"""Rendered people to put into images: bodies of the package anny, walking and standing, in random clothes.

`python -m opendr_perception.training.people.sprites FILE` renders them, which needs anny 0.6.2 and takes some minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.training.common.command import Seed, run_command

HELD_OUT_PEOPLE = Path(__file__).resolve().with_name("held_out_people.npz")
"""Those of the 30 bodies of our trainings that were not trained on: what `--bodies 30 --views 4 --every 5` renders."""
HELD_OUT = 5
"""Every n-th body is kept for the evaluation."""
HEIGHT = 320
"""Pixels of a sprite."""
SWINGS = {
    "upperleg01": 0.45, "lowerleg01": 0.5, "upperarm01": 0.5, "lowerarm01": 0.4,
}  # fmt: skip
"""Largest angles of joints to the front and back, in radians."""


@dataclass(frozen=True)
class Sprite:
    """One person.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        opacity: (H, W) uint8, 255 where the person is.
        body: number of the body; those that are kept for the evaluation have other bodies than the others.
    """

    pixels: np.ndarray
    opacity: np.ndarray
    body: int


def divide(sprites: Sequence[Sprite], held_out: bool) -> list[Sprite]:
    """The sprites of every n-th body, which are held out, or the others."""
    return [sprite for sprite in sprites if (sprite.body % HELD_OUT == 0) == held_out]


def load_sprites(path: Path) -> list[Sprite]:
    """Read what `write_sprites` has written.

    Raises:
        FileNotFoundError: There is no such file; those of this package are in its source tree only.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; sprites of this package are in its source tree, not installed")
    with open_arrays(path) as arrays:
        count = int(arrays["count"])
        return [Sprite(arrays[f"pixels{k}"], arrays[f"opacity{k}"], int(arrays["bodies"][k])) for k in range(count)]


def write_sprites(path: Path, sprites: Sequence[Sprite]) -> None:
    """Write sprites as one file, as a whole or not at all."""
    arrays: dict[str, np.ndarray] = {"bodies": np.array([sprite.body for sprite in sprites])}
    for number, sprite in enumerate(sprites):
        arrays |= {f"pixels{number}": sprite.pixels, f"opacity{number}": sprite.opacity}
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, allow_pickle=False, count=len(sprites), **arrays)


def render_all(bodies: int, views: int, seed: int, every: int = 1) -> Iterator[Sprite]:
    """Render so many views of so many bodies, or of every n-th of these."""
    import anny  # only this needs it
    import torch

    model = anny.Anny().to(dtype=torch.float32)
    faces = model.get_triangular_faces().numpy()
    rest = _vertices(model, dict.fromkeys(model.phenotype_labels, 0.5), np.zeros((model.bone_count, 3)))
    parts = _parts(rest)
    for number in range(bodies * views):
        body = number // views
        if body % every == 0:
            rng = np.random.default_rng((seed, number))
            shape_rng = np.random.default_rng((seed, 1, body))
            shape = {name: float(shape_rng.uniform(0.1, 0.9)) for name in model.phenotype_labels}
            shape["age"] = float(shape_rng.uniform(0.5, 1.0))
            vertices = _vertices(model, shape, _gait(rng, model.bone_labels))
            yield Sprite(*render(rng, vertices, faces, _dress(rng, parts)), body)


def render(
    rng: np.random.Generator, vertices: np.ndarray, faces: np.ndarray, colours: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a body from a random side, far triangles first.

    Args:
        rng: chooses the view and the light.
        vertices: (V, 3) metres; x to the left, y to the back, z up.
        faces: (F, 3) triangles.
        colours: (V, 3) BGR in [0, 255].

    Returns:
        Pixels (H, W, 3) and opacity (H, W) uint8, cut to the body.
    """
    turn, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    view = _about(0, tilt) @ _about(2, turn)
    seen = vertices @ view.T
    scale = (HEIGHT - 4) / np.ptp(seen[:, 2])
    flat = np.column_stack([seen[:, 0] - seen[:, 0].min(), seen[:, 2].max() - seen[:, 2]]) * scale + 2
    corners = seen[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    light = rng.normal(size=3) + np.array([0, -1.5, 1.5])
    shade = 0.55 + 0.45 * np.clip(normals @ (light / np.linalg.norm(light)), -0.6, 1)
    tones = np.clip(colours[faces].mean(axis=1) * shade[:, None], 0, 255)
    size = (HEIGHT, int(np.ceil(flat[:, 0].max())) + 3)
    pixels, opacity = np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8)
    points = np.round(flat[faces] * 16).astype(np.int32)
    front = normals[:, 1] < 0.1
    for face in np.argsort(-corners[:, :, 1].mean(axis=1)):
        if front[face]:
            cv2.fillConvexPoly(pixels, points[face], tones[face].tolist(), cv2.LINE_8, 4)
            cv2.fillConvexPoly(opacity, points[face], 255, cv2.LINE_8, 4)
    return pixels, opacity


def _vertices(model: Any, shape: dict[str, float], angles: np.ndarray) -> np.ndarray:
    import torch

    pose = np.tile(np.eye(4, dtype=np.float32), (1, model.bone_count, 1, 1))
    for bone in np.flatnonzero(angles.any(axis=1)):
        pose[0, bone, :3, :3] = _about(2, angles[bone, 2]) @ _about(1, angles[bone, 1]) @ _about(0, angles[bone, 0])
    with torch.no_grad():
        output = model(
            pose_parameters=torch.from_numpy(pose),
            phenotype_kwargs={name: torch.tensor([value]) for name, value in shape.items()},
        )
    vertices: np.ndarray = output["vertices"][0].numpy()
    return vertices


def _gait(rng: np.random.Generator, bones: list[str]) -> np.ndarray:
    """Angles (bones, 3) about the axes x, y and z: a moment of walking, or of standing."""
    angles = np.zeros((len(bones), 3))
    stride = rng.uniform(0, 1) * (rng.random() < 0.7)
    phase = rng.uniform(0, 2 * np.pi)
    for side, sign in (("L", 1), ("R", -1)):
        swing = stride * np.sin(phase) * sign
        for bone, largest in SWINGS.items():
            forward = swing * (-1 if "arm" in bone else 1)
            bend = max(0.0, -forward) if bone == "lowerleg01" else -abs(forward) if bone == "lowerarm01" else -forward
            angles[bones.index(f"{bone}.{side}"), 0] = largest * bend + rng.normal(0, 0.05)
        angles[bones.index(f"upperarm01.{side}"), 1] = sign * rng.uniform(0.4, 0.75)  # down from the resting pose
    return angles


def _parts(rest: np.ndarray) -> dict[str, np.ndarray]:
    """Masks (V,) of what clothes cover, from a body at rest."""
    up = (rest[:, 2] - rest[:, 2].min()) / np.ptp(rest[:, 2])
    out = np.abs(rest[:, 0]) / np.abs(rest[:, 0]).max()
    return {
        "shoes": up < 0.055,
        "legs": (up >= 0.055) & (up < 0.53) & (out < 0.45),
        "trunk": (up >= 0.53) & (up < 0.82) & (out < 0.36),
        "arms": (up >= 0.3) & (up < 0.85) & (out >= 0.36) & (out < 0.8),
        "hair": (up > 0.9) & ((rest[:, 1] > np.median(rest[up > 0.87, 1])) | (up > 0.97)),
    }


def _dress(rng: np.random.Generator, parts: dict[str, np.ndarray]) -> np.ndarray:
    """Colours (V, 3) of skin, hair and clothes."""
    skin = np.array([140, 170, 220]) * rng.uniform(0.3, 1.05)
    colours = np.tile(skin, (len(parts["legs"]), 1))
    shirt, trousers = _cloth(rng), _cloth(rng)
    colours[parts["legs"]] = trousers
    colours[parts["trunk"]] = shirt
    if rng.random() < 0.7:
        colours[parts["arms"]] = shirt
    colours[parts["shoes"]] = _cloth(rng) * 0.6
    colours[parts["hair"]] = np.array([20, 30, 45]) * rng.uniform(0.3, 3)
    return colours * rng.uniform(0.9, 1.1, (len(colours), 1))


def _cloth(rng: np.random.Generator) -> np.ndarray:
    """A colour, more often a dull one."""
    grey = rng.uniform(15, 235)
    return np.clip(grey + rng.normal(0, 35, 3) * (rng.random() < 0.6), 5, 250)


def _about(axis: int, angle: float) -> np.ndarray:
    """Rotation (3, 3) about a coordinate axis."""
    first, second = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.eye(3, dtype=np.float32)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return matrix


def main(
    path: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    bodies: Annotated[int, typer.Option(help="Different people.")] = 40,
    views: Annotated[int, typer.Option(help="Of each.")] = 5,
    seed: Seed = 1,
    every: Annotated[int, typer.Option(help="Use every n-th body; 5 are those that are held out.")] = 1,
) -> None:
    """Render people."""
    write_sprites(path, list(render_all(bodies, views, seed, every)))


if __name__ == "__main__":
    run_command(main)
