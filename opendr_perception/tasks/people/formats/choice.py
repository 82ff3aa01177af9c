"""The formats of person detectors by name."""

from __future__ import annotations

from collections.abc import Callable

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.people.formats.base import DetectorFormat, person_class
from opendr_perception.tasks.people.formats.detr import Detr, DetrEndToEnd
from opendr_perception.tasks.people.formats.nanodet import NanoDet
from opendr_perception.tasks.people.formats.rtmdet import RtmDet
from opendr_perception.tasks.people.formats.yolo import Yolo
from opendr_perception.tasks.people.formats.yolo_end_to_end import YoloEndToEnd
from opendr_perception.tasks.people.formats.yolox import Yolox

FORMATS: dict[str, Callable[[Session], DetectorFormat]] = {
    "nanodet": NanoDet,
    "yolox": Yolox,
    "yolo": Yolo,
    "yolo_end_to_end": YoloEndToEnd,
    "rtmdet": RtmDet,
    "detr": Detr,
    "detr_end_to_end": DetrEndToEnd,
}
"""Reader of the outputs of each format, which checks that a model has them."""


def format_of(session: Session) -> DetectorFormat:
    """The format of a person detector.

    Raises:
        EngineError: the model is none, or does not have the inputs and outputs of its format.
    """
    name = session.metadata.get("format")
    if name is None:
        try:
            return NanoDet(session)
        except EngineError as error:
            raise EngineError(
                f"{error}; other detectors come in by: opendr-perception models import FORMAT FILE"
            ) from error
    if name not in FORMATS:
        raise EngineError(
            f"{session.path}: a model of the format '{name}' is no person detector; those are of {', '.join(FORMATS)}"
        )
    person_class(session)
    return FORMATS[name](session)
