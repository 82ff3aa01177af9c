"""Human presence: a very small network tells roughly where people are."""

from opendr_perception.tasks.presence.build import PresenceMemory, PresencePerceiver, Settings, build
from opendr_perception.tasks.presence.detection import SCALES, WINDOW, HumanPresence, check_scales

__all__ = [
    "SCALES",
    "WINDOW",
    "HumanPresence",
    "PresenceMemory",
    "PresencePerceiver",
    "Settings",
    "build",
    "check_scales",
]
