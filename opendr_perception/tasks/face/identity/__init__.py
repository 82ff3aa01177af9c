"""Identity of faces: the decision by one look, and the evidence of each track over time."""

from opendr_perception.tasks.face.identity.decision import (
    NEARER,
    OF_KIND,
    USUAL_RIVAL,
    Compared,
    allowed,
    compare,
    look_alikes,
    relative,
    thresholds,
    who,
)
from opendr_perception.tasks.face.identity.following import (
    AT_ONCE,
    FEWEST,
    VIEWS,
    Evidence,
    FaceIdentifier,
    Identity,
    IdentityMemory,
    TrackedFaces,
)

__all__ = [
    "AT_ONCE",
    "FEWEST",
    "NEARER",
    "OF_KIND",
    "USUAL_RIVAL",
    "VIEWS",
    "Compared",
    "Evidence",
    "FaceIdentifier",
    "Identity",
    "IdentityMemory",
    "TrackedFaces",
    "allowed",
    "compare",
    "look_alikes",
    "relative",
    "thresholds",
    "who",
]
