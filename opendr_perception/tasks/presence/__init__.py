"""Human presence: a very small network tells roughly where people are."""

from opendr_perception.tasks.presence.detection import SCALES, WINDOW, HumanPresence, check_scales

__all__ = [
    "SCALES",
    "WINDOW",
    "HumanPresence",
    "check_scales",
]
