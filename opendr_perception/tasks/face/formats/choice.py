"""The formats of face detectors and embedders by name."""

from __future__ import annotations

from collections.abc import Callable

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.face.formats.base import FaceFormat
from opendr_perception.tasks.face.formats.blazeface import BlazeFace
from opendr_perception.tasks.face.formats.embedders import ADA, ARC, BLAZE, FACE_NET, EmbedderFormat
from opendr_perception.tasks.face.formats.retinaface import RetinaFace
from opendr_perception.tasks.face.formats.scrfd import Scrfd
from opendr_perception.tasks.face.formats.yunet import YuNet

DETECTORS: dict[str, Callable[[Session], FaceFormat]] = {"yunet": YuNet, "scrfd": Scrfd, "retinaface": RetinaFace}
"""Reader of the outputs of each format, which checks that a model has them."""

EMBEDDERS: dict[str, EmbedderFormat] = {"arcface": ARC, "adaface": ADA, "facenet": FACE_NET}


def detector_format(session: Session) -> FaceFormat:
    """The format of a face detector.

    Raises:
        EngineError: the model is none, or does not have the inputs and outputs of its format.
    """
    name = session.metadata.get("format")
    if name is None:
        return BlazeFace(session)
    if name not in DETECTORS:
        raise EngineError(
            f"{session.path}: a model of the format '{name}' is no face detector; those are of {', '.join(DETECTORS)}"
        )
    return DETECTORS[name](session)


def embedder_format(session: Session) -> EmbedderFormat:
    """The format of an embedder.

    Raises:
        EngineError: the model is none.
    """
    name = session.metadata.get("format")
    if name is None:
        return BLAZE
    if name not in EMBEDDERS:
        raise EngineError(
            f"{session.path}: a model of the format '{name}' is no embedder of faces; those are of "
            f"{', '.join(EMBEDDERS)}"
        )
    return EMBEDDERS[name]
