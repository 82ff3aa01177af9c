"""The faces of an image as the embedder sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.face.detection import Faces
from opendr_perception.tasks.face.geometry import ALIGNED, align, head_pose
from opendr_perception.tasks.face.quality import Quality, blockiness, contrast, sharpness
from opendr_perception.tasks.imaging import Image, PinholeCamera, Pixels
from opendr_perception.tasks.shapes import Angles, Embeddings

DIMENSIONS = 128
"""Numbers of an embedding."""


@dataclass(frozen=True)
class AlignedFace:
    """One face of one image.

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

    def __call__(self, aligned: Sequence[Pixels]) -> Embeddings:
        """Embeddings (n, 128) float32 of n aligned faces, in one batch."""
        if not aligned:
            return np.empty((0, DIMENSIONS), np.float32)
        return self._session.run_batch({"image": np.stack(aligned)})["embedding"]


def head_poses(faces: Faces, camera: PinholeCamera) -> Angles:
    """Yaw, pitch, roll (n, 3) of all faces, rad."""
    return np.array([head_pose(points, camera) for points in faces.landmarks]).reshape(-1, 3)


def view(image: Image, faces: Faces, index: int, pose: np.ndarray) -> AlignedFace:
    """One of the faces of an image, whose head pose (3,) is known."""
    aligned = align(image, faces.landmarks[index])
    box = faces.detections.boxes[index]
    quality = Quality(
        score=float(faces.detections.scores[index]),
        width=float(box[2] - box[0]),
        sharpness=sharpness(aligned),
        yaw=float(pose[0]),
        pitch=float(pose[1]),
        contrast=contrast(aligned),
        blockiness=blockiness(_green(image, box)),
    )
    return AlignedFace(aligned, quality)


def _green(image: Image, box: np.ndarray) -> np.ndarray:
    """The part (height, width) of an image in a box, its green levels: those nearest to grey."""
    x_min, y_min, x_max, y_max = (max(0, round(float(side))) for side in box)
    part = image.pixels[y_min:y_max, x_min:x_max]
    return part if part.ndim == 2 else part[..., int(part.shape[2] > 1)]
