"""Faces as the node sees them: found, judged and embedded, one image at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.tasks.face import TO_DECIDE, FaceDetector, FaceEmbedder, fingerprint, head_poses, view
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.zoo import store


@dataclass(frozen=True, eq=False)
class SeenFace:
    """The largest face of an image.

    Attributes:
        embedding: (d,).
        problem: What speaks against deciding by it; '' if nothing does.
        width: Of its box, pixels.
    """

    embedding: npt.NDArray[np.float32]
    problem: str
    width: float


class FaceReader:
    """The networks of the node, one image at a time."""

    def __init__(self, embedder: Session) -> None:
        self._detector = FaceDetector(Session(store.require("blazeface").path, threads=1))
        self._embedder = FaceEmbedder(embedder)
        self.model = fingerprint(embedder.path.stem, embedder)

    def __call__(self, image: Image) -> SeenFace | None:
        """The largest face; None without a face."""
        [faces] = self._detector([image])
        if not len(faces):
            return None
        boxes = faces.detections.boxes
        largest = int(np.argmax(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)))
        poses = head_poses(faces, PinholeCamera.assumed(image.width, image.height))
        found = view(image, faces, largest, poses[largest], self._embedder.alignment)
        return SeenFace(self._embedder([found.aligned])[0], TO_DECIDE.problem(found.quality), found.quality.width)
