"""The surface of a face in an image, from MediaPipe's face mesh, continued to the hair and the background.

`face_mesh.npz` holds the canonical mesh in units of the distance of the outer corners of the eyes, x to the right and y
down in the image of a face that looks into the camera, z away from the camera: `vertices` (468, 3), what the network
itself says of a face from the front, made symmetric; `triangles` (880, 3), those of MediaPipe's canonical face model
(Apache-2.0) as the npm package @vladmandic/human 3.3.6 lists them (MIT); and `mirror` (468,), the vertex on the other
side. `tools/make_face_mesh.py` makes it anew, from these and the portrait of Eileen Collins (NASA, public domain).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.active.perception.raster import rasterise
from opendr_perception.arrays import open_arrays
from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.imaging import Image, warp

FACE = 468
"""Vertices of the face itself, which come first."""
CROP = 192
MARGIN = 1.5
"""Side of the network's crop over the longer side of the face's box."""
RIGHT_EYE = (33, 133, 159, 145)
LEFT_EYE = (263, 362, 386, 374)
LIPS = (13, 14, 61, 291)
"""Vertices whose means are the landmarks by which faces are aligned."""
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Vertices of the outline, in its order, from the top to the person's left."""
UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""Their inner edges, between which an open mouth shows teeth."""
FACING = 0.15
"""Cosine of the angle between the surface and the line of sight from which on a vertex is seen."""
TOLERANCE = 0.06
"""Of the depth at which a vertex still is seen, in distances of the eyes."""
BUFFER = 160
"""Side of the depth buffer, pixels."""
RINGS = ((1.15, 0.1), (1.4, 0.3), (1.8, 0.5), (2.6, 0.6))
"""Around the outline: how many times its size, and how much deeper, in distances of the eyes."""


@dataclass(frozen=True)
class Topology:
    """Vertices of the face and of the rings around it.

    Args:
        canonical: (V, 3) float.
        triangles: (T, 3) int, counter-clockwise in the image of a face from the front.
        mirror: (V,) int.
    """

    canonical: np.ndarray
    triangles: np.ndarray
    mirror: np.ndarray


@dataclass(frozen=True)
class HeadFit:
    """A face in an image.

    Args:
        vertices: (V, 3) float, x and y in source pixels, z in the same unit away from the camera.
        seen: (V,) bool, whether the camera sees them; others are turned away or hidden.
        presence: probability that this is a face.
        yaw: of the head, rad: positive when the nose points to the right in the image.
    """

    vertices: np.ndarray
    seen: np.ndarray
    presence: float
    yaw: float


class FaceMesh:
    """Fits the mesh to faces.

    Args:
        session: the zoo's `facemesh`, or a model with the same input and outputs.
    """

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[Tensor("image", (None, CROP, CROP, 3), np.dtype(np.uint8))],
            outputs=[Tensor("vertices", (None, FACE, 3), np.dtype(np.float32)), "presence"],
        )
        self._session = session

    def fit(self, image: Image, box: np.ndarray, landmarks: np.ndarray) -> HeadFit:
        """Fit the mesh to one face.

        Args:
            image: the image.
            box: (4,) of the face, source pixels.
            landmarks: (6, 2) of the face, source pixels; the eyes say how the head leans.
        """
        across = landmarks[1] - landmarks[0]
        roll = math.atan2(across[1], across[0])
        side = MARGIN * float((box[2:] - box[:2]).max())
        to_source = _square((box[:2] + box[2:]) / 2, side, roll)
        crop = warp(image, to_source, (CROP, CROP), "rgb")
        outputs = self._session.run({"image": crop[None]})
        points = outputs["vertices"][0].astype(np.float64)
        scale = side / CROP
        flat = points[:, :2] @ to_source[:, :2].T + to_source[:, 2]
        face = np.column_stack([flat, points[:, 2] * scale])
        vertices = _with_rings(face)
        return HeadFit(vertices, visible(vertices), float(outputs["presence"][0]), head_yaw(face))


def alignment_landmarks(vertices: np.ndarray) -> np.ndarray:
    """Right eye, left eye and mouth (3, 2) of a mesh (V, 3)."""
    return np.stack([vertices[list(part), :2].mean(0) for part in (RIGHT_EYE, LEFT_EYE, LIPS)])


def visible(vertices: np.ndarray) -> np.ndarray:
    """Mask (V,) bool of the vertices (V, 3) of a mesh that the camera sees."""
    triangles = topology().triangles
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    sums = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(sums, triangles[:, k], normals)
    facing = -sums[:, 2] / (np.linalg.norm(sums, axis=1) + 1e-9) > FACING

    low, high = vertices[:FACE, :2].min(0), vertices[:FACE, :2].max(0)
    scale = BUFFER / (1.6 * float((high - low).max()))  # the face and some of its surroundings
    drawn = np.column_stack([(vertices[:, :2] - (low + high) / 2) * scale + BUFFER / 2, vertices[:, 2]])
    nearest = rasterise(drawn, triangles, (BUFFER, BUFFER)).interpolate(vertices[:, 2:])[:, :, 0]
    column, row = np.clip(drawn[:, :2].astype(int), 0, BUFFER - 1).T
    eyes = np.linalg.norm(vertices[263] - vertices[33])
    farthest_beside = cv2.dilate(nearest, np.ones((3, 3)))[row, column]
    return np.asarray(facing & (vertices[:, 2] < farthest_beside + TOLERANCE * eyes))


def head_yaw(face: np.ndarray) -> float:
    """Rotation of a mesh (V, 3) about the image's vertical axis, rad; positive to the image's right."""
    canonical = topology().canonical[:FACE]
    turned = (face[:FACE] - face[:FACE].mean(0)).T @ (canonical - canonical.mean(0))
    u, _, vt = np.linalg.svd(turned)
    rotation = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
    nose = rotation @ [0, 0, -1]
    return math.atan2(nose[0], -nose[2])


@lru_cache(maxsize=1)
def topology() -> Topology:
    """The canonical mesh with its rings."""
    with open_arrays(Path(__file__).with_name("face_mesh.npz")) as data:
        vertices, triangles, mirror = (data[name] for name in ("vertices", "triangles", "mirror"))
    count, length = len(vertices), len(OVAL)
    mouth = _strip(np.array(UPPER_LIP), np.array(LOWER_LIP))
    rings = [np.array(OVAL), *(count + length * k + np.arange(length) for k in range(len(RINGS)))]
    around = [_strip(_closed(outer), _closed(inner)) for inner, outer in pairwise(rings)]
    place = {vertex: k for k, vertex in enumerate(OVAL)}
    opposite = np.array([place[int(mirror[vertex])] for vertex in OVAL])
    return Topology(
        canonical=_with_rings(vertices.astype(np.float64)),
        triangles=np.concatenate([triangles.astype(int), mouth, *around]),
        mirror=np.concatenate([mirror.astype(int), *(ring[opposite] for ring in rings[1:])]),
    )


def _strip(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Triangles (T, 3) between two rows of vertices, the other one on the left as one goes along."""
    return np.concatenate([np.stack([one[:-1], other[:-1], other[1:]], 1), np.stack([one[:-1], other[1:], one[1:]], 1)])


def _closed(ring: np.ndarray) -> np.ndarray:
    return np.append(ring, ring[0])


def _with_rings(face: np.ndarray) -> np.ndarray:
    """The face (468, 3) and the rings around it, which lie in the plane of the head."""
    outline = face[list(OVAL)]
    centre = outline.mean(0)
    eyes = np.linalg.norm(face[263] - face[33])
    across, up = face[454] - face[234], face[10] - face[152]
    back = np.cross(up, across)
    back *= eyes / np.linalg.norm(back)
    return np.concatenate([face, *(centre + scale * (outline - centre) + depth * back for scale, depth in RINGS)])


def _square(centre: np.ndarray, side: float, roll: float) -> np.ndarray:
    """The map (2, 3) from the network's crop to source pixels."""
    scale = side / CROP
    linear = scale * np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]])
    return np.column_stack([linear, centre - linear @ [CROP / 2, CROP / 2]])
