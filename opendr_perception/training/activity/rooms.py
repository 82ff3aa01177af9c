"""Rooms to stand in: six walls, some furniture, a light; drawn by one ray for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.training.body.motion import Floats

STYLES = ("plain", "stripes", "tiles", "clouds", "photo")
"""Patterns of walls and floors."""
HELD_OUT_STYLES = ("bricks", "dots")
"""Likewise, of rooms that are kept for the evaluation."""
TEXTURE = 64
"""Pixels of a texture, which repeats."""


@dataclass(frozen=True)
class FurnishedRoom:
    """A room about the origin, whose floor is y = 0.

    Attributes:
        low, high: (3,), corners of the room, m.
        boxes: (N, 2, 3), corners of the furniture.
        textures: (6 + N, TEXTURE, TEXTURE, 3) RGB in [0, 1]: those of the walls at low and high x, y, z, and of boxes.
        period: m, after which textures repeat.
        light: (3,), unit vector to the light.
        ambient: Share of light that comes from everywhere.
    """

    low: Floats
    high: Floats
    boxes: Floats
    textures: Floats
    period: float
    light: Floats
    ambient: float

    @staticmethod
    def random(rng: np.random.Generator, reach: float, held_out: bool) -> FurnishedRoom:
        """A room around the origin that leaves so many metres free."""
        styles = HELD_OUT_STYLES if held_out else STYLES
        side = rng.uniform(reach + 0.5, reach + 6.0, 4)
        low, high = np.array([-side[0], 0.0, -side[1]]), np.array([side[2], rng.uniform(2.3, 5.0), side[3]])
        boxes = []
        for _ in range(rng.integers(0, 7)):
            size = rng.uniform(0.3, 1.8, 3)
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.0) * min(side)
            centre = np.array([far * np.cos(angle), size[1] / 2, far * np.sin(angle)])
            boxes.append((centre - size / 2, centre + size / 2))
        textures = np.stack([texture(rng, str(rng.choice(styles))) for _ in range(6 + len(boxes))])
        light = rng.normal(0, 0.6, 3) + np.array([0.0, 1.0, 0.0])
        return FurnishedRoom(
            low, high, np.array(boxes).reshape(-1, 2, 3), textures, rng.uniform(0.4, 4.0),
            light / np.linalg.norm(light), rng.uniform(0.35, 0.75),
        )  # fmt: skip

    def draw(self, place: Floats, rays: Floats) -> tuple[Floats, Floats]:
        """Draw what is seen.

        Args:
            place: (3,), of the camera, inside.
            rays: (N, 3), directions of unit depth.

        Returns:
            Colours (N, 3) and depths (N,).
        """
        depth, face = self._walls(place, rays)
        for number, (low, high) in enumerate(self.boxes):
            near, side = _enter(low, high, place, rays)
            closer = near < depth
            depth = np.where(closer, near, depth)
            face = np.where(closer, 6 + 6 * number + side, face)
        hit = place + depth[:, None] * rays
        axis = (face % 6) // 2
        u, v = np.where(axis == 0, hit[:, 2], hit[:, 0]), np.where(axis == 1, hit[:, 2], hit[:, 1])
        pattern = np.where(face < 6, face, 6 + (face - 6) // 6)
        pixels = np.stack([v, u]) / self.period * TEXTURE
        colours = self.textures[pattern, pixels[0].astype(int) % TEXTURE, pixels[1].astype(int) % TEXTURE]
        normal = np.eye(3)[axis] * np.where((face % 2 == 0) == (face < 6), 1.0, -1.0)[:, None]
        return colours * self.shade(normal)[:, None], depth

    def shade(self, normals: Floats) -> Floats:
        """Brightness of surfaces with normals (..., 3)."""
        return self.ambient + (1 - self.ambient) * np.clip(normals @ self.light, 0.0, 1.0)

    def _walls(self, place: Floats, rays: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        with np.errstate(divide="ignore"):
            ends = np.where(rays > 0, self.high - place, self.low - place) / rays
        ends = np.where(np.isfinite(ends) & (ends > 0), ends, np.inf)
        axis = ends.argmin(1)
        rows = np.arange(len(rays))
        return ends[rows, axis], 2 * axis + (rays[rows, axis] > 0)


def texture(rng: np.random.Generator, style: str) -> Floats:
    """A pattern (TEXTURE, TEXTURE, 3)."""
    base, other = rng.uniform(0.1, 0.95, (2, 3)) * rng.uniform(0.4, 1.0)
    grey = rng.uniform(0.0, 1.0)
    base, other = (grey * colour.mean() + (1 - grey) * colour for colour in (base, other))
    row, column = np.mgrid[:TEXTURE, :TEXTURE] / TEXTURE
    count = int(rng.integers(2, 9))
    if style == "stripes":
        share = (np.floor((row if rng.random() < 0.5 else column) * 2 * count) % 2)[..., None]
    elif style == "tiles":
        share = ((np.floor(row * count) + np.floor(column * count)) % 2)[..., None]
    elif style == "bricks":
        shifted = column * count + 0.5 * (np.floor(row * 2 * count) % 2)
        share = ((shifted % 1 < 0.1) | (row * 2 * count % 1 < 0.15))[..., None]
    elif style == "dots":
        share = (np.hypot(row * count % 1 - 0.5, column * count % 1 - 0.5) < rng.uniform(0.15, 0.4))[..., None]
    elif style == "plain":
        share = np.zeros((TEXTURE, TEXTURE, 1))
    else:  # clouds, and many colours
        channels = 1 if style == "clouds" else 3
        share = cv2.resize(rng.random((2 * count, 2 * count, channels)), (TEXTURE, TEXTURE)).reshape(
            TEXTURE, TEXTURE, channels
        )
    return np.clip(base * (1 - share) + other * share + rng.normal(0, 0.02, (TEXTURE, TEXTURE, 1)), 0, 1)


def _enter(low: Floats, high: Floats, place: Floats, rays: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Depth (N,) at which rays enter a box, infinite where they do not, and the face, as of a wall."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (low - place) / rays, (high - place) / rays
    near, far = np.minimum(first, second), np.maximum(first, second)
    axis = near.argmax(1)
    rows = np.arange(len(rays))
    entry, leave = near[rows, axis], far.min(1)
    hits = (entry < leave) & (entry > 0.05)
    return np.where(hits, entry, np.inf), 2 * axis + (rays[rows, axis] < 0)
