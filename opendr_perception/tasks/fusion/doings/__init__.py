"""Events of people, which begin and end: by their posture, their actions, and their way."""

from opendr_perception.tasks.fusion.doings.happenings import Doings, end_all, observe
from opendr_perception.tasks.fusion.doings.posture import Posture

__all__ = [
    "Doings",
    "Posture",
    "end_all",
    "observe",
]
