"""The faces of an image as the embedder sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.face.detection import Faces
from opendr_perception.tasks.face.formats import DIMENSIONS, OWN, Alignment, embedder_format
from opendr_perception.tasks.face.geometry import align, head_pose
from opendr_perception.tasks.face.quality import BLURRED, Quality, blockiness, contrast, sharpened, sharpness
from opendr_perception.tasks.imaging import Image, PinholeCamera, Pixels
from opendr_perception.tasks.shapes import Angles, Embeddings


@dataclass(frozen=True)
class AlignedFace:
    """One face of one image.

    Args:
        aligned: (S, S, 3) uint8 RGB, as the embedder takes it.
        quality: how it was seen.
    """

    aligned: Pixels
    quality: Quality


class FaceEmbedder:
    """A network that turns aligned faces into points, near to each other for one person.

    Args:
        session: the zoo's `face-embedding`, or a model of one of `tasks.face.formats.EMBEDDERS`.

    Attributes:
        alignment: of the faces that it takes.
        dimensions: numbers of an embedding.

    Raises:
        EngineError: it is no embedder.
    """

    def __init__(self, session: Session) -> None:
        self._format = embedder_format(session)
        size, dimensions = self._format.alignment.size, DIMENSIONS
        if session.metadata.get("format") is not None:  # of the user's, of any size
            size = _side(session) or size
            dimensions = _numbers(session) or dimensions
        session.expect(
            inputs=[Tensor("image", (None, size, size, 3), np.dtype(np.uint8))],
            outputs=[Tensor("embedding", (None, dimensions), np.dtype(np.float32))],
        )
        self.alignment = self._format.alignment.sized(size)
        self.dimensions = dimensions
        self._session = session

    def __call__(self, aligned: Sequence[Pixels]) -> Embeddings:
        """Embeddings (n, `dimensions`) float32 of n aligned faces, in one batch."""
        if not aligned:
            return np.empty((0, self.dimensions), np.float32)
        return self._format.scaled(self._session.run_batch({"image": self._format.batch(aligned)})["embedding"])


def _side(session: Session) -> int | None:
    """Height of the image, where it is fixed."""
    return next((tensor.shape[1] for tensor in session.inputs if len(tensor.shape) == 4), None)


def _numbers(session: Session) -> int | None:
    return next((tensor.shape[-1] for tensor in session.outputs if tensor.name == "embedding" and tensor.shape), None)


def head_poses(faces: Faces, camera: PinholeCamera) -> Angles:
    """Yaw, pitch, roll (n, 3) of all faces, rad."""
    return np.array([head_pose(points, camera) for points in faces.landmarks]).reshape(-1, 3)


def view(image: Image, faces: Faces, index: int, pose: np.ndarray, alignment: Alignment = OWN) -> AlignedFace:
    """One of the faces of an image, whose head pose (3,) is known, for an embedder with this alignment."""
    aligned = align(image, faces.landmarks[index])  # the quality is measured in the same image for all embedders
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
    if alignment is not OWN:
        aligned = align(image, faces.landmarks[index], alignment=alignment)
    elif quality.sharpness < BLURRED:
        aligned = sharpened(aligned)
    return AlignedFace(aligned, quality)


def _green(image: Image, box: np.ndarray) -> np.ndarray:
    """The part (height, width) of an image in a box, its green levels: those nearest to grey."""
    x_min, y_min, x_max, y_max = (max(0, round(float(side))) for side in box)
    part = image.pixels[y_min:y_max, x_min:x_max]
    return part if part.ndim == 2 else part[..., int(part.shape[2] > 1)]
