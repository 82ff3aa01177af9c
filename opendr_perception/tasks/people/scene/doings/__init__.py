"""What people do, as events that begin and end: by how they hold themselves, by actions, and by where they go."""

from opendr_perception.tasks.people.scene.doings.happenings import Doings, end_all, observe
from opendr_perception.tasks.people.scene.doings.posture import Posture

__all__ = [
    "Doings",
    "Posture",
    "end_all",
    "observe",
]
