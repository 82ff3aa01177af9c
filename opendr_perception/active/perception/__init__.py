"""Knowledge of a face after several views, and synthesis of views from elsewhere."""

from opendr_perception.active.perception.face_mesh import FaceMesh, HeadFit
from opendr_perception.active.perception.identity import (
    ANGLES,
    FAR,
    MEASURED,
    MIN_PRESENCE,
    PROFILE,
    STRANGER,
    UNKNOWN,
    Likelihoods,
    apparent_yaw,
    belief,
    lack_of_pixels,
    legible,
    most_probable,
    novelty,
)
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recogniser, Recognition, best
from opendr_perception.active.perception.recognition import GalleryRecogniser, judge, recognise
from opendr_perception.active.perception.view_synthesis import synthesise

__all__ = [
    "ANGLES",
    "FAR",
    "MEASURED",
    "MIN_PRESENCE",
    "PROFILE",
    "STRANGER",
    "UNKNOWN",
    "FaceMesh",
    "FaceObservation",
    "GalleryRecogniser",
    "HeadFit",
    "Likelihoods",
    "RangeOnly",
    "Recogniser",
    "Recognition",
    "apparent_yaw",
    "belief",
    "best",
    "face_mesh",
    "judge",
    "lack_of_pixels",
    "legible",
    "most_probable",
    "novelty",
    "recognise",
    "synthesise",
]
