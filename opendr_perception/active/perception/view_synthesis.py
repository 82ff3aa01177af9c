"""Synthesis of views of a face: its mesh is textured by the image, turned, and drawn.

It takes the place of Rotate-and-Render [Zhou 2020], by geometry alone: what the image does not show is taken from the
other side of the face, and the little that is then still missing is filled from its surroundings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.active.perception.face_mesh import FACE, HeadFit, alignment_landmarks, topology
from opendr_perception.active.perception.raster import EMPTY, rasterise
from opendr_perception.tasks.face import OWN, Alignment, similarity
from opendr_perception.tasks.imaging import Image, Pixels, to_bgr


@dataclass(frozen=True)
class SyntheticView:
    """A face from elsewhere.

    Args:
        pixels: (S, S, 3) uint8 RGB, aligned for the embedder.
        coverage: share of the face that the image shows; the rest is mirrored or filled.
    """

    pixels: Pixels
    coverage: float


def synthesise(image: Image, fit: HeadFit, pan: float, alignment: Alignment = OWN) -> SyntheticView:
    """Render a face as a camera would see it that has gone around the person.

    Args:
        image: the image.
        fit: the face in it.
        pan: how far the camera goes, rad; positive to its own right.
        alignment: of the embedder; of the package's own by default.
    """
    mesh = topology()
    turned = fit.vertices @ turn(pan).T
    place = similarity(alignment_landmarks(turned), alignment.eyes_and_mouth)
    scale = math.hypot(place[0, 0], place[1, 0])
    place[1] /= alignment.stretch
    drawn = np.column_stack([turned[:, :2] @ place[:, :2].T + place[:, 2], scale * turned[:, 2]])
    raster = rasterise(drawn, mesh.triangles, (alignment.size, alignment.size))

    flat, seen = fit.vertices[:, :2], fit.seen.astype(np.float64)
    at = raster.interpolate(np.column_stack([flat, flat[mesh.mirror], seen, seen[mesh.mirror]]))
    pixels = np.ascontiguousarray(to_bgr(image)[:, :, ::-1])
    direct, mirrored = _sample(pixels, at[:, :, :2]), _sample(pixels, at[:, :, 2:4])
    weight = np.clip(2 * at[:, :, 4:5] - 1, 0, 1)  # soft from seen to hidden vertices
    mirror_weight = (1 - weight) * np.clip(2 * at[:, :, 5:6] - 1, 0, 1)
    total = weight + mirror_weight
    canvas = ((weight * direct + mirror_weight * mirrored) / np.maximum(total, 1e-6)).astype(np.uint8)
    missing = (raster.triangle == EMPTY) | (total[:, :, 0] < 0.05)
    if missing.any():
        canvas = np.asarray(cv2.inpaint(canvas, missing.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)
    face = (raster.triangle != EMPTY) & (raster.corners < FACE).all(-1)
    return SyntheticView(canvas, float(weight[face].mean()) if face.any() else 0.0)


def turn(pan: float) -> np.ndarray:
    """The rotation (3, 3) of points, x right, y down, z away, when the camera goes around them; right is positive."""
    c, s = math.cos(pan), math.sin(pan)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _sample(pixels: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Bilinear samples (H, W, 3) float at source coordinates (H, W, 2), whose origin is the corner of the image."""
    x, y = np.ascontiguousarray(place[:, :, 0] - 0.5), np.ascontiguousarray(place[:, :, 1] - 0.5)
    return cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
