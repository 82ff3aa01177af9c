"""Formats of networks that turn aligned faces into points, near to each other for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.face.formats.alignment import ARCFACE, FACENET, OWN, Alignment
from opendr_perception.tasks.imaging import Order, Pixels
from opendr_perception.tasks.shapes import Embeddings

DIMENSIONS = 128
"""Numbers of an embedding of the package's own network."""

UNIT_OF_DISTANCE = 0.47
"""Distances of all embedders are given so that this is about where two faces become two people: the measured one of
the package's own network, whose embeddings stay as they are."""

TINY = 1e-6


@dataclass(frozen=True)
class EmbedderFormat:
    """A format of embedders.

    Args:
        alignment: of the faces that they take.
        apart: distance between embeddings of length 1 from which on two faces are customarily two people; 0 for the
            package's own network, whose embeddings are not changed.
        order: of their colours.
    """

    alignment: Alignment
    apart: float = 0.0
    order: Order = "rgb"

    def batch(self, aligned: Sequence[Pixels]) -> Pixels:
        """Faces (n times (S, S, 3) RGB) as the network takes them: (n, S, S, 3)."""
        faces = np.stack(aligned)
        return faces if self.order == "rgb" else np.ascontiguousarray(faces[..., ::-1])

    def scaled(self, raw: Embeddings) -> Embeddings:
        """Embeddings (n, d) in the package's unit of distance."""
        if not self.apart:
            return raw
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.asarray(raw / np.maximum(lengths, TINY) * (UNIT_OF_DISTANCE / self.apart), np.float32)


BLAZE = EmbedderFormat(OWN)
"""The package's own."""
ARC = EmbedderFormat(ARCFACE, apart=1.13)
"""ArcFace [Deng 2019]; the distance is DeepFace's for it."""
ADA = EmbedderFormat(ARCFACE, apart=1.13, order="bgr")
"""AdaFace [Kim 2022], which takes the same crops; no distance of its own is customary."""
FACE_NET = EmbedderFormat(FACENET, apart=0.8)
"""FaceNet [Schroff 2015]; the distance is DeepFace's for 128 numbers, and 1.04 for 512: the stricter one is taken."""
