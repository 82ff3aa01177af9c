"""Who a face is: the decision by one look, and what is known of each track over time."""

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
    FaceIdentifier,
    Identity,
    IdentityMemory,
    Sighting,
)

__all__ = [
    "AT_ONCE",
    "FEWEST",
    "NEARER",
    "OF_KIND",
    "USUAL_RIVAL",
    "VIEWS",
    "Compared",
    "FaceIdentifier",
    "Identity",
    "IdentityMemory",
    "Sighting",
    "allowed",
    "compare",
    "look_alikes",
    "relative",
    "thresholds",
    "who",
]
