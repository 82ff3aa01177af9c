"""The faces of a picture as the embedder sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.camera import PinholeCamera
from opendr_perception.tasks.face import Faces
from opendr_perception.tasks.face_geometry import ALIGNED, align, head_pose
from opendr_perception.tasks.face_quality import Quality, sharpness
from opendr_perception.tasks.image import Image, Pixels

DIMENSIONS = 128
"""Numbers of an embedding."""


@dataclass(frozen=True)
class View:
    """One face of one picture.

    Args:
        aligned: (150, 150, 3) uint8 RGB.
        quality: how it was seen.
    """

    aligned: Pixels
    quality: Quality


class FaceEmbedder:
    """A network that turns aligned faces into points, near to each other for one person.

    Args:
        session: the zoo's `face-embedding`, or a model with the same input and output.
    """

    def __init__(self, session: Session) -> None:
        session.expect(
            inputs=[Tensor("image", (None, ALIGNED, ALIGNED, 3), np.dtype(np.uint8))],
            outputs=[Tensor("embedding", (None, DIMENSIONS), np.dtype(np.float32))],
        )
        self._session = session

    def __call__(self, aligned: Sequence[Pixels]) -> np.ndarray:
        """Embeddings (n, 128) float32 of n aligned faces, in one batch."""
        if not aligned:
            return np.empty((0, DIMENSIONS), np.float32)
        return self._session.run_batch({"image": np.stack(aligned)})["embedding"]


def head_poses(faces: Faces, camera: PinholeCamera) -> np.ndarray:
    """Yaw, pitch, roll (n, 3) of all faces, rad."""
    return np.array([head_pose(points, camera) for points in faces.landmarks]).reshape(-1, 3)


def view(image: Image, faces: Faces, index: int, pose: np.ndarray) -> View:
    """One of the faces of a picture, whose head pose (3,) is known."""
    aligned = align(image, faces.landmarks[index])
    x_min, _, x_max, _ = faces.detections.boxes[index]
    score = float(faces.detections.scores[index])
    return View(aligned, Quality(score, float(x_max - x_min), sharpness(aligned), float(pose[0]), float(pose[1])))
