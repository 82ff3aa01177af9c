"""Faces painted on the texture of the head, in the coordinates of the base mesh, so that all people share the brushes.

A texel knows its place on the base mesh (x to the left of the person, y up, z forward, decimetres). Brushes are
functions of that place; whatever the shape of a head, the paint stays on its feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from morphs import Floats, Morphs
from tailor import AXIS, head_texcoords, head_triangles

SIZE = 512
"""Texels on each side of a head's texture."""
EYE_SIZE = 64

Array = npt.NDArray[np.floating[Any]]
Mask = Array
"""(SIZE, SIZE), 0 to 1."""
Colour = tuple[float, float, float]
"""RGB, 0 to 1."""

EYE = (0.308, 7.284)
MOUTH = 6.665
"""Places of eyes (x, y) and of the line between the lips (y) on the base mesh, dm."""


@dataclass(frozen=True)
class Look:
    """Colours and marks of a face; strengths are 0 to 1."""

    skin: Colour
    lips: Colour
    hair: Colour
    iris: Colour
    brow_thickness: float
    """dm, half of the height of the brows."""
    brow_height: float
    """dm above their usual place."""
    brow_arch: float
    brow_strength: float
    blush: float
    beard: float
    """Stubble at 0.3, full beard at 1."""
    moustache: float
    age: float
    freckles: float
    hairline: float
    """dm, by which hair begins higher than usual; 2 is bald."""
    widows_peak: float
    sideburns: float
    makeup: float
    seed: int
    """Of moles, freckles and mottling."""


class Canvas:
    """The places on the base mesh of all texels of the head."""

    def __init__(self, morphs: Morphs) -> None:
        corners = head_triangles(morphs)
        places = _rasterise(head_texcoords(morphs.vertices) * SIZE, morphs.vertices, corners)
        self.x, self.y, self.z = (places[..., i] for i in range(3))
        self.aside = np.abs(self.x)
        rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
        self.rows, self.columns = rows, columns

    def spot(self, x: float, y: float, width: float, height: float) -> Mask:
        """A soft spot on both halves of the front of the face."""
        front = np.clip((self.z - 0.6) * 3, 0, 1)
        return front * np.exp(-(((self.aside - x) / width) ** 2) - ((self.y - y) / height) ** 2)

    def noise(self, rng: np.random.Generator, cells: int) -> Mask:
        """Smooth noise of mean 0 and deviation 1, seamless around the head."""
        coarse = rng.normal(size=(cells, cells)).astype(np.float32)
        coarse = np.concatenate([coarse, coarse[:, :1]], axis=1)
        return np.asarray(cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC), np.float32)


def fullness_of_hair(place: Array, look: Look) -> Floats:
    """Fullness of the hair at places of the base mesh, (..., 3): 0 at the hairline, 1 well inside, negative outside."""
    x, y, z = np.abs(place[..., 0]), place[..., 1], place[..., 2]
    front = (
        8.04
        + look.hairline
        - look.widows_peak * 0.2 * np.exp(-((x / 0.12) ** 2))
        - 0.25 * np.minimum(x / 0.7, 1.3) ** 4
    )
    crown = (y - front) / 0.18
    # From the temples the border runs down before the ears, and behind them to the neck.
    border = np.interp(y, [6.4, 7.1, 7.45, 7.55, 8.0], [0.0, 0.12, 0.2, 0.58, 0.78])
    sides = np.minimum((border - z) / 0.12, (y - 6.5) / 0.2)
    ear = np.hypot((z - 0.42) / 0.24, (y - 7.15) / 0.4)
    sides = np.minimum(sides, np.where(x > 0.6, (ear - 1) / 0.4, 1))
    burns = np.minimum((0.07 - np.abs(z - 0.72)) / 0.06, (y - 7.45 + 0.3 * look.sideburns) / 0.1)
    full = np.maximum(np.maximum(crown, sides), np.where(y < 7.9, burns, -1))
    if look.hairline > 0.35:  # thin on top
        full = np.minimum(full, np.where(y > 7.75, np.hypot(x / 0.75, (z - 0.5) / 0.95) - 0.9, 1) / 0.2)
    return np.asarray(np.clip(full, -1, 1))


def paint_face(canvas: Canvas, look: Look, hair: bool = True) -> npt.NDArray[np.uint8]:
    """The texture of a head, (SIZE, SIZE, 3) RGB."""
    rng = np.random.default_rng(look.seed)
    colour = np.broadcast_to(np.array(look.skin, np.float32), (SIZE, SIZE, 3)).copy()
    red = np.array([1.06, 0.80, 0.78], np.float32)

    mottling = 0.018 * canvas.noise(rng, 24) + 0.014 * canvas.noise(rng, 90) + 0.02 * canvas.noise(rng, 8)
    colour *= (1 + mottling)[..., None]
    _shade(colour, red, look.blush * (canvas.spot(0.48, 6.98, 0.2, 0.2) + 0.7 * canvas.spot(0, 6.95, 0.13, 0.12)))
    _shade(colour, red, 0.25 * canvas.spot(0.95, 7.0, 0.2, 0.4))
    _darken(colour, 0.10 + 0.22 * look.age, canvas.spot(0.3, 7.10, 0.15, 0.06))
    _darken(colour, 0.13, canvas.spot(0.31, 7.40, 0.2, 0.07))
    _darken(colour, 0.12, canvas.spot(0.0, 6.5, 0.18, 0.05))
    _darken(colour, 0.35, canvas.spot(0.1, 6.86, 0.06, 0.035))

    folds = np.exp(-(((canvas.aside - (0.25 + 0.42 * (6.95 - canvas.y))) / 0.035) ** 2))
    _darken(colour, 0.22 * look.age, folds * _between(canvas.y, 6.6, 6.92))
    crows = (
        np.abs(np.sin((canvas.y - 7.28) * 45)) ** 8 * _between(canvas.aside, 0.5, 0.68) * _between(canvas.y, 7.15, 7.4)
    )
    lines = np.abs(np.sin(canvas.y * 26 + 0.4 * np.sin(canvas.x * 6))) ** 10
    lines = lines * _between(canvas.y, 7.72, 8.0) * _between(canvas.aside, -1, 0.4)
    _darken(colour, 0.25 * look.age, crows + 0.6 * lines)

    if look.freckles:
        dots = (canvas.noise(rng, 170) > 1.5).astype(np.float32)
        _darken(colour, 0.3 * look.freckles, dots * np.clip(canvas.spot(0.3, 7.0, 0.4, 0.25), 0, 1))
    for _ in range(rng.integers(0, 3)):
        x, y = rng.uniform(-0.55, 0.55), rng.uniform(6.4, 7.9)
        mole = np.exp(-(((canvas.x - x) ** 2 + (canvas.y - y) ** 2) / 0.0005)) * (canvas.z > 0.6)
        _darken(colour, 0.45, mole)

    _paint_lips(colour, canvas, look)
    _paint_lids(colour, canvas, look)
    _paint_hair(colour, canvas, look, rng, hair)
    return np.asarray(np.clip(colour, 0, 1) * 255, np.uint8)


def paint_strands(seed: int) -> npt.NDArray[np.uint8]:
    """A texture of hair without colour, which repeats, (128, 128, 3)."""
    rng = np.random.default_rng(seed)
    fine, broad = (cv2.resize(rng.normal(size=(4, n)).astype(np.float32), (128, 128)) for n in (128, 24))
    shade = np.clip(0.82 + 0.10 * fine + 0.08 * broad, 0, 1)
    return np.repeat((shade * 255).astype(np.uint8)[..., None], 3, axis=2)


def paint_eye(look: Look) -> npt.NDArray[np.uint8]:
    """The texture of an eye seen from the front, (EYE_SIZE, EYE_SIZE, 3) RGB; iris in the middle."""
    y, x = (np.mgrid[:EYE_SIZE, :EYE_SIZE].astype(np.float32) + 0.5) / EYE_SIZE * 2 - 1
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    rng = np.random.default_rng(look.seed)
    streaks = sum(np.sin(k * angle + rng.uniform(0, 6.28)) for k in (7, 13, 21, 31)) * 0.06
    white = np.array([0.86, 0.83, 0.80], np.float32) - 0.1 * np.clip(radius - 0.7, 0, 1)[..., None]
    iris = np.array(look.iris, np.float32) * (0.85 + streaks + 0.5 * (radius / 0.44) * (radius < 0.34))[..., None]
    colour = _mix(white, iris, _edge(0.44 - radius))
    colour = _mix(colour, iris * 0.35, np.exp(-(((radius - 0.43) / 0.04) ** 2)))
    colour = _mix(colour, np.full(3, 0.02, np.float32), _edge(0.17 - radius))
    glint = _edge(0.07 - np.hypot(x + 0.14, y + 0.16))
    return np.asarray(np.clip(_mix(colour, np.ones(3, np.float32), glint), 0, 1) * 255, np.uint8)


def _paint_lips(colour: Array, canvas: Canvas, look: Look) -> None:
    x = canvas.aside / 0.27
    taper = np.sqrt(np.clip(1 - x**2, 0, 1))
    bow = 0.02 * np.exp(-(((x - 0.28) / 0.2) ** 2)) - 0.012 * np.exp(-((x / 0.14) ** 2))
    top, bottom = MOUTH + (0.085 * taper + bow), MOUTH - 0.115 * taper
    inside = _edge((top - canvas.y) * 12, 0.12) * _edge((canvas.y - bottom) * 12, 0.12) * (x < 1) * (canvas.z > 0.9)
    colour[:] = _mix(colour, np.array(look.lips, np.float32), 0.8 * inside)
    gap = np.exp(-(((canvas.y - MOUTH - 0.006) / 0.013) ** 2)) * np.clip((1.06 - x) * 6, 0, 1) * (canvas.z > 0.9)
    _darken(colour, 0.6, gap)


def _paint_lids(colour: Array, canvas: Canvas, look: Look) -> None:
    x, y = canvas.aside - EYE[0], canvas.y - EYE[1]
    front = canvas.z > 0.9
    upper = np.exp(-(((y - 0.055 + 1.2 * x**2) / 0.022) ** 2)) * _between(x, -0.15, 0.17)
    lower = np.exp(-(((y + 0.07 - 1.0 * x**2) / 0.014) ** 2)) * _between(x, -0.13, 0.15)
    _darken(colour, 0.75, upper * front)
    _darken(colour, 0.3, lower * front)
    crease = np.exp(-(((y - 0.115 + 1.1 * x**2) / 0.014) ** 2)) * _between(x, -0.15, 0.16)
    _darken(colour, 0.25, crease * front)
    lid = np.exp(-(((y - 0.09) / 0.05) ** 2)) * _between(x, -0.14, 0.18) * front
    colour[:] = _mix(colour, np.array([0.35, 0.25, 0.32], np.float32), 0.5 * look.makeup * lid)
    _darken(colour, 0.45, np.exp(-((np.hypot(x + 0.16, y + 0.03) / 0.02) ** 2)) * front)


def _paint_hair(colour: Array, canvas: Canvas, look: Look, rng: np.random.Generator, hair: bool) -> None:
    strands = 1 + 0.16 * canvas.noise(rng, 200)
    shade = np.array(look.hair, np.float32) * strands[..., None]
    x = (canvas.aside - 0.13) / 0.46
    line = (
        7.485
        + look.brow_height
        + (0.05 + look.brow_arch) * np.sin(np.clip(x, 0, 1) * 2.6)
        - 0.05 * np.clip(x, 0, 1) ** 3
    )
    thick = look.brow_thickness * np.clip(1.15 - 0.85 * np.clip(x, 0, 1), 0, 2) * np.clip((x + 0.1) * 8, 0, 1)
    brow = np.clip(1.4 - np.abs(canvas.y - line) / np.maximum(thick, 1e-3), 0, 1) * _between(x, -0.08, 1.0)
    brow = brow * (canvas.z > 0.7) * look.brow_strength * (0.9 + 0.1 * canvas.noise(rng, 220))
    colour[:] = _mix(colour, shade * 0.8, np.clip(brow, 0, 1))

    jaw = np.clip((6.86 - canvas.y - 0.25 * np.clip(0.55 - canvas.aside, 0, 1)) / 0.1, 0, 1)
    cheek = _between(canvas.aside, 0.52, 2.0) * _between(canvas.y, 6.2, 7.15) * _between(canvas.z, 0.2, 0.75)
    chin = np.maximum(jaw, cheek) * _edge(canvas.y - 6.02 - 0.5 * (1.3 - canvas.z), 0.06) * _between(canvas.z, 0.15, 9)
    mouth = np.hypot(canvas.aside / 0.33, (canvas.y - MOUTH + 0.02) / 0.16) > 1
    _hairy(colour, shade, look.beard, chin * mouth * (canvas.y < 7.2), canvas, rng)
    lip = _between(canvas.y, 6.745, 6.855) * _between(canvas.aside, -1, 0.29) * (canvas.z > 0.9)
    corner = _between(canvas.aside, 0.27, 0.36) * _between(canvas.y, 6.45, 6.8) * (canvas.z > 0.9)
    _hairy(colour, shade, look.moustache, np.maximum(lip, corner), canvas, rng)
    if hair:
        place = np.stack([canvas.x, canvas.y, canvas.z], axis=-1)
        full = np.clip(fullness_of_hair(place, look) * 2 + 0.5 + 0.3 * canvas.noise(rng, 150), 0, 1)
        colour[:] = _mix(colour, shade, full.astype(np.float32))


def _hairy(
    colour: Array,
    shade: Array,
    strength: float,
    mask: Mask,
    canvas: Canvas,
    rng: np.random.Generator,
) -> None:
    soft = np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3), np.float32)
    density = np.clip(strength * (1.0 + 0.25 * canvas.noise(rng, 200)), 0, 0.92)
    colour[:] = _mix(colour, shade * 0.9, soft * density)


def _shade(colour: Array, tint: Array, mask: Mask) -> None:
    colour *= 1 + (tint - 1) * np.clip(mask, 0, 1)[..., None]


def _darken(colour: Array, strength: float, mask: Mask) -> None:
    colour *= 1 - strength * np.clip(mask, 0, 1)[..., None]


def _mix(a: Array, b: Array, mask: Mask) -> Array:
    weight = np.asarray(mask, np.float32)[..., None]
    return np.asarray(a * (1 - weight) + b * weight, np.float32)


def _edge(inside: Array, width: float = 0.03) -> Mask:
    """1 where positive, 0 where negative, soft between."""
    return np.clip(inside / width + 0.5, 0, 1)


def _between(value: Array, low: float, high: float, soft: float = 0.03) -> Mask:
    return np.clip((value - low) / soft + 0.5, 0, 1) * np.clip((high - value) / soft + 0.5, 0, 1)


def _rasterise(points: Floats, values: Floats, triangles: npt.NDArray[np.int64]) -> Array:
    """Interpolate values of vertices over triangles of texels; the outer triangles of the head cover the inner ones."""
    image = np.full((SIZE, SIZE, 3), np.nan, np.float32)
    outward = np.hypot(values[:, 0], values[:, 2] - AXIS)[triangles].mean(1)
    for triangle in triangles[np.argsort(outward)]:
        corners = points[triangle]
        if np.ptp(corners[:, 0]) > SIZE / 2:
            continue  # crosses the seam; its texels take their neighbours' values below
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, SIZE)
        if x0 >= x1 or y0 >= y1:
            continue
        matrix = np.vstack([corners.T, np.ones(3)])
        if abs(np.linalg.det(matrix)) < 1e-9:
            continue
        columns, rows = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
        weights = np.linalg.solve(matrix, np.stack([columns.ravel(), rows.ravel(), np.ones(columns.size)]))
        hit = (weights > -0.02).all(0).reshape(columns.shape)
        image[y0:y1, x0:x1][hit] = (weights.T @ values[triangle]).reshape(*columns.shape, 3)[hit]
    return _fill(image)


def _fill(image: Array) -> Array:
    """Give texels without a value that of the nearest one that has one."""
    missing = np.isnan(image[..., 0])
    _, labels = cv2.distanceTransformWithLabels(
        missing.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    order = np.zeros(labels.max() + 1, int)
    order[labels[~missing]] = np.flatnonzero(~missing)
    return image.reshape(-1, 3)[order[labels]]
