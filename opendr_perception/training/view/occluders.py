"""Things before faces, painted by chance: what hides a part of a face, and how it moves when the robot does.

The 2D occlusion generator and the 3D simulator of [Dimaridou 2022], made for images in which the face detector looks
again, as on a robot: crops tremble and lean with what is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.active.policies import NONE, SIDES
from opendr_perception.tasks.imaging import Pixels

MARGIN = 2
"""Pixels by which edges of occluders are blurred."""


@dataclass(frozen=True)
class Occluder:
    """Something with a straight edge that hides one side of a face.

    Args:
        texture: (H, W, 3) uint8, of the size of the image.
        side: the index in SIDES of the side of the face that it covers.
        coverage: share of the face's box that is hidden, along the axis of the side.
        slant: of its edge, in boxes across the face.
        start, end: where it begins and ends along its edge, in boxes from the box's first corner.
    """

    texture: Pixels
    side: int
    coverage: float
    slant: float
    start: float
    end: float

    def paint(self, image: Pixels, box: np.ndarray, shift: float = 0.0) -> Pixels:
        """The image with the occluder.

        Args:
            image: (H, W, 3) uint8.
            box: (4,) of the face.
            shift: how far it has gone towards its side, in boxes.
        """
        if self.side == NONE:
            return image
        low, size = box[:2], box[2:] - box[:2]
        edge = self.coverage - shift
        ends = np.array([edge - self.slant / 2, edge + self.slant / 2])
        far = -3.0
        outline = np.array([[ends[0], self.start], [ends[1], self.end], [far, self.end], [far, self.start]])
        if SIDES[self.side] in ("bottom", "right"):
            outline[:, 0] = 1 - outline[:, 0]
        if SIDES[self.side] in ("top", "bottom"):
            outline = outline[:, ::-1]
        mask = np.zeros(image.shape[:2], np.float32)
        cv2.fillPoly(mask, [np.round((low + outline * size) * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        soft = np.asarray(cv2.blur(mask, (MARGIN, MARGIN)))[:, :, None]
        return (soft * self.texture + (1 - soft) * image).astype(np.uint8)


def draw_occluder(random: np.random.Generator, shape: tuple[int, ...], side: int | None = None) -> Occluder:
    """Something by chance.

    Args:
        random: source of chance.
        shape: (height, width) of the image.
        side: index in SIDES; by chance where it is None, and then often none.
    """
    side = int(random.integers(len(SIDES))) if side is None else side
    whole = random.random() < 0.6  # most things are longer than a face
    return Occluder(
        _texture(random, shape),
        side,
        coverage=float(random.uniform(0.2, 0.6)),
        slant=float(random.normal(0, 0.08)),
        start=-3.0 if whole else float(random.uniform(-0.8, 0.1)),
        end=4.0 if whole else float(random.uniform(0.9, 1.8)),
    )


def jitter(random: np.random.Generator, image: Pixels) -> Pixels:
    """The image from a little elsewhere, in a little other light."""
    height, width = image.shape[:2]
    scale, angle = random.uniform(0.96, 1.04), random.normal(0, 1.0)
    middle = (width / 2 + random.uniform(-3, 3), height / 2 + random.uniform(-3, 3))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix = np.add(matrix, [[0, 0, middle[0] - width / 2], [0, 0, middle[1] - height / 2]])
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    bright = moved * random.uniform(0.85, 1.15) + random.uniform(-12, 12)
    return np.clip(bright + random.normal(0, random.uniform(0, 4), bright.shape), 0, 255).astype(np.uint8)


def _texture(random: np.random.Generator, shape: tuple[int, ...]) -> Pixels:
    """Plain, striped, spotted or mottled, in any colours."""
    height, width = shape
    first, second = random.uniform(0, 255, (2, 3))
    row, column = np.mgrid[:height, :width].astype(np.float32)
    kind = random.integers(4)
    if kind == 0:
        mix = np.full(shape, random.random(), np.float32)
    elif kind == 1:
        angle, pitch = random.uniform(0, np.pi), random.uniform(4, 40)
        mix = (np.sin((row * np.cos(angle) + column * np.sin(angle)) * 2 * np.pi / pitch) > 0).astype(np.float32)
    else:
        cells = int(random.integers(3, 30))
        coarse = random.random((cells, cells), np.float32)
        smooth = cv2.INTER_CUBIC if kind == 2 else cv2.INTER_NEAREST
        mix = np.asarray(cv2.resize(coarse, (width, height), interpolation=smooth), np.float32)
    light = 1 + random.uniform(-0.3, 0.3) * (row / height - 0.5) + random.uniform(-0.3, 0.3) * (column / width - 0.5)
    colours = first + np.clip(mix, 0, 1)[:, :, None] * (second - first)
    return np.clip(colours * light[:, :, None], 0, 255).astype(np.uint8)
