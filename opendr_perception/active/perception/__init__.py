"""Knowledge of a face after several views, and synthesis of views from elsewhere."""

from opendr_perception.active.perception.face_mesh import FaceMesh, HeadFit
from opendr_perception.active.perception.identity import (
    ANGLES,
    LARGE_ENOUGH,
    UNKNOWN,
    apparent_yaw,
    belief,
    most_probable,
)
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recogniser, Recognition, best
from opendr_perception.active.perception.recognition import GalleryRecogniser, recognise
from opendr_perception.active.perception.view_synthesis import synthesise

__all__ = [
    "ANGLES",
    "LARGE_ENOUGH",
    "UNKNOWN",
    "FaceMesh",
    "FaceObservation",
    "GalleryRecogniser",
    "HeadFit",
    "RangeOnly",
    "Recogniser",
    "Recognition",
    "apparent_yaw",
    "belief",
    "best",
    "face_mesh",
    "most_probable",
    "recognise",
    "synthesise",
]
