"""Formats of face detectors and embedders: how a face is laid into a network, and what its outputs mean.

A model says its format in its metadata, which `opendr-perception models import` writes; those of the package have none
there.
"""

from opendr_perception.tasks.face.formats.alignment import (
    LANDMARKS,
    LEFT_EAR,
    LEFT_EYE,
    MOUTH,
    NOSE,
    OWN,
    RIGHT_EAR,
    RIGHT_EYE,
    Alignment,
)
from opendr_perception.tasks.face.formats.base import FaceCandidates, FaceFormat, common_boxes
from opendr_perception.tasks.face.formats.blazeface import anchor_centres, decode
from opendr_perception.tasks.face.formats.choice import DETECTORS, EMBEDDERS, detector_format, embedder_format
from opendr_perception.tasks.face.formats.embedders import DIMENSIONS, UNIT_OF_DISTANCE, EmbedderFormat

__all__ = [
    "DETECTORS",
    "DIMENSIONS",
    "EMBEDDERS",
    "LANDMARKS",
    "LEFT_EAR",
    "LEFT_EYE",
    "MOUTH",
    "NOSE",
    "OWN",
    "RIGHT_EAR",
    "RIGHT_EYE",
    "UNIT_OF_DISTANCE",
    "Alignment",
    "EmbedderFormat",
    "FaceCandidates",
    "FaceFormat",
    "anchor_centres",
    "common_boxes",
    "decode",
    "detector_format",
    "embedder_format",
]
