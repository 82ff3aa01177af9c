"""Activities from video: what happens in front of a camera, or what each person does, from images alone."""

from opendr_perception.tasks.activity.build import ActivityPerceiver, Settings, build
from opendr_perception.tasks.activity.model import ActivityModel
from opendr_perception.tasks.activity.recognition import (
    MARGIN,
    SHRINKS,
    ActivityMemory,
    ActivityRecogniser,
    ActivityView,
)

__all__ = [
    "MARGIN",
    "SHRINKS",
    "ActivityMemory",
    "ActivityModel",
    "ActivityPerceiver",
    "ActivityRecogniser",
    "ActivityView",
    "Settings",
    "build",
]
